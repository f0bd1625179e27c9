/** What people see of a rotation that the command has begun: the record is ours, all else is real. */
import type { RotationRecord } from '../../src/provisioning/index.ts'
import { pendingSwap, rotationOf } from '../support/admin-server/rotation-record.ts'
import { findBarriers, goTo, overflowOf, signIn, visit } from './support/browser.ts'
import { type Stand, startStand } from './support/stand.ts'

let stand: Stand

beforeAll(async () => {
  stand = await startStand()
}, 120_000)

afterAll(async () => {
  await stand?.[Symbol.asyncDispose]()
})

const readers = ['approver', 'operator', 'auditor'] as const

/** Of the treasury's second key, whose approvers are alice and bob; the first has not signed yet. */
async function begin(id: string): Promise<RotationRecord> {
  const { treasury, server } = stand
  const [, second] = await treasury.authorizer.publicKeys()
  const sample = rotationOf(treasury.address, { id })
  const { publicKey } = second ?? sample.plan.old
  const record = {
    ...sample,
    plan: { ...sample.plan, old: { ...sample.plan.old, publicKey } },
    pending: pendingSwap(treasury.address, 1),
  }
  expect(await server.context.rotations.begin(record)).toBe(true)
  return record
}

async function change(record: RotationRecord, changed: Partial<RotationRecord>) {
  const next = { ...record, ...changed, revision: record.revision + 1 }
  expect(await stand.server.context.rotations.replace(next, record.revision)).toBe(true)
  return next
}

it('shows its steps, who has signed and who has not, and follows it to its end', async () => {
  const { browser, server } = stand
  const { token } = await server.caller('alice', ...readers)
  await using visitor = await visit(browser, `${server.url}/#/keys/rotation`)
  const { page, faults } = visitor
  await signIn(page, token)
  await page.getByText('No key of this account was rotated').waitFor()
  const record = await begin('0000000000000001')
  await goTo(page, '#/keys', 'Keys')
  await page.getByRole('link', { name: 'Rotation of key 1' }).click()
  await page.getByRole('heading', { level: 1, name: 'Rotation' }).waitFor()
  await page.getByText('weight 500 of 1,000').waitFor()
  const signatures = page.getByRole('list', { name: 'Signatures' }).getByRole('listitem')
  expect(await signatures.allTextContents()).toEqual([
    expect.stringMatching(/^Key 0, weight 500: .*the server’s own key Not signed$/),
    expect.stringMatching(/^Key 1, weight 500: .*key of alice, bob Signed$/),
  ])
  await page.getByText('The key of weight 500 at index 0.').waitFor()
  const steps = page.locator('section', { hasText: 'Steps' }).getByRole('listitem')
  expect(await steps.first().textContent()).toContain('Make the new key Done')
  expect(await page.locator('[aria-current=step]').textContent()).toContain(
    'Collect the signatures of the swap Now',
  )
  await page.getByText('This server does not name the new key').waitFor()
  const { pending: _, ...signed } = record
  await change(signed, { state: 'done', step: 'done' })
  await page.locator('section', { hasText: 'Old public key' }).getByText('Done').waitFor()
  expect(await page.locator('[aria-current=step]').count()).toBe(0)
  expect(faults).toEqual([])
})

it('says on each page that a rotation holds the keys, and where to look', async () => {
  const { browser, server, treasury } = stand
  const { store } = server.context.signing
  const record = await begin('0000000000000002')
  const [lease] = await store.leaseKeys({
    ...{ address: treasury.address, count: 1, holder: 'rotation', leaseMs: 60_000 },
  })
  if (lease === undefined) throw new Error('there are keys')
  const { sequenceNumber, ...ours } = lease
  const quarantine = 'rotation:0000000000000002 holds the key, which may be revoked by now'
  await store.settleLeases([{ ...ours, nextSequenceNumber: sequenceNumber, quarantine }])
  const shop = await server.caller('shop', 'requester')
  await using visitor = await visit(browser, server.url)
  const { page } = visitor
  await signIn(page, shop.token)
  await page.getByText('A key of the account is being rotated').waitFor()
  await page.locator('.server-state').getByText('Rotating').waitFor()
  expect(await page.getByRole('link', { name: 'See the rotation' }).count()).toBe(0)
  const { token } = await server.caller('alice', ...readers)
  await using other = await visit(browser, server.url)
  await signIn(other.page, token)
  await other.page.getByRole('link', { name: 'See the rotation' }).click()
  await other.page.getByRole('heading', { level: 1, name: 'Rotation' }).waitFor()
  await store.restoreKey(treasury.address, lease.keyIndex, sequenceNumber)
  await page.locator('.server-state').getByText('Running').waitFor()
  await page.getByText('A key of the account is being rotated').waitFor({ state: 'detached' })
  await change(record, { state: 'aborted' })
})

const looks = [
  ['light', 'a', { scheme: 'light' }],
  ['dark', 'b', { scheme: 'dark' }],
  ['on a phone', 'c', { width: 320, height: 700 }],
] as const
it.each(looks)('has no barrier, %s', async (_, digit, look) => {
  const { browser, server } = stand
  const record = await begin(digit.repeat(16))
  const { token } = await server.caller('alice', ...readers)
  await using visitor = await visit(browser, server.url, look)
  const { page, faults } = visitor
  await signIn(page, token)
  for (const [hash, heading, text] of [
    ['#/keys', 'Keys', 'Rotation of key 1'],
    ['#/keys/rotation', 'Rotation', 'The key of weight 500 at index 0.'],
  ] as const) {
    await goTo(page, hash, heading)
    await page.locator('main').getByText(text).first().waitFor()
    expect({ hash, barriers: await findBarriers(page) }).toEqual({ hash, barriers: [] })
    expect({ hash, overflow: await overflowOf(page) }).toEqual({ hash, overflow: 0 })
  }
  await change(record, { state: 'aborted' })
  expect(faults).toEqual([])
})
