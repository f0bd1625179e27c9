import { reportMistakes } from '../../../../examples/admin-server/src/config/report.ts'
import { good, type Loose, load, loadText, refusal, withFile } from './support.ts'

describe('secrets', () => {
  const canary = 'CANARY5ecret'
  const places: readonly [string, (settings: Loose) => void][] = [
    ['the address', (s) => Object.assign(s.account, { address: canary })],
    ['a key id', (s) => Object.assign(s.account.keys[0], { key: canary })],
    ['a rule', (s) => Object.assign(s.account.keys[0], { signs: canary })],
    ['an approver', (s) => s.account.keys[1].signs.approvers.push(`${canary} `)],
    ['an access node', (s) => s.network.accessNodes.push(`https://me:${canary}@node.example.com`)],
    ['a webhook', (s) => s.webhooks.allow.push(`https://hooks.example.com/${canary}`)],
    [
      'a public URL',
      (s) => Object.assign(s, { http: { publicUrl: `https://a.example/${canary}` } }),
    ],
    ['a pattern', (s) => Object.assign(s.functions.mint, { recipients: { pattern: canary } })],
    ['a value of an unknown field', (s) => Object.assign(s, { password: canary })],
    ['an unknown field', (s) => Object.assign(s, { [`a:b://x:${canary}@y`]: 1 })],
  ]

  const everything = (run: () => unknown) => {
    const { thrown } = refusal(run)
    const facts = JSON.stringify({ ...thrown })
    return [facts, thrown.message, String(thrown.stack), ...(reportMistakes(thrown) ?? [])].join()
  }

  it.each(places)('in %s are not shown', (_, change) => {
    const settings = good()
    change(settings)
    expect(everything(() => load(settings))).not.toContain(canary)
  })

  it.each([
    'DATABASE_URL',
    'HOST',
    'PORT',
    'PUBLIC_URL',
    'LOG_LEVEL',
    'AWS_REGION',
    'WEBHOOK_SECRET',
    'WEBHOOK_SECRET_FILE',
  ])('in %s are not shown', (variable) => {
    const environment = { [variable]: `${canary}/ ` }
    expect(everything(() => load(good(), { environment }))).not.toContain(canary)
  })

  it('in a text that is not JSON are not shown', () => {
    expect(everything(() => loadText(`{"secret": ${canary}}`))).not.toContain(canary)
    expect(everything(() => loadText(canary))).not.toContain(canary)
  })

  it('in a file that is too short are not shown', () => {
    const shown = withFile(canary, (path) =>
      everything(() => load(good(), { environment: { WEBHOOK_SECRET_FILE: path } })),
    )
    expect(shown).toContain('SECRET_TOO_SHORT')
    expect(shown).not.toContain(canary)
  })
})
