import { mintOf } from '../support/admin-server/world.ts'
import { findBarriers, goTo, overflowOf, readReview, signIn, visit } from './support/browser.ts'
import { type Stand, startStand } from './support/stand.ts'

const attack = '<img src=x onerror="alert(1)">'
let stand: Stand
let browser: Stand['browser']
let treasury: Stand['treasury']
let server: Stand['server']
let askFor: Stand['askFor']

beforeAll(async () => {
  stand = await startStand()
  ;({ browser, treasury, server, askFor } = stand)
}, 120_000)

afterAll(async () => {
  await stand?.[Symbol.asyncDispose]()
})

it('shows a mint in full, and mints it once a second person has approved it', async () => {
  const { id, digest } = await askFor('Ticket 1', 'Ticket 2', 'Ticket 3')
  const { token } = await server.caller('alice', 'approver')
  await using visitor = await visit(browser, `${server.url}/#/approvals`)
  const { page, faults } = visitor
  await signIn(page, token)
  await page.locator(`a[href="#/approvals/${id}"]`).click()
  for (const name of ['Ticket 1', 'Ticket 2', 'Ticket 3'])
    await page.getByRole('definition').getByText(name, { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Approve 3 items…' }).isEnabled()).toBe(false)
  await readReview(page)
  await page.getByRole('button', { name: 'Approve 3 items…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Approve 3 items?' })
  await dialog.getByText(digest).waitFor()
  await dialog.getByText(`${treasury.recipient}: 3 items`).waitFor()
  await dialog.getByText('shop', { exact: true }).waitFor()
  await dialog.getByRole('button', { name: 'Approve' }).click()
  await page.getByText('You have approved this request.').waitFor()
  await goTo(page, `#/mints/${id}`, 'Mint an NFT')
  await page.getByText('3 of 3 done').waitFor()
  await page.getByText('As it was when it was decided').waitFor()
  expect(await page.getByRole('table', { name: 'Items' }).getByText('Done').count()).toBe(3)
  expect(await page.getByText('KMS request', { exact: true }).count()).toBe(2)
  expect(faults).toEqual([])
})

it('shows what waits by title, requester and time, what expires first before the rest', async () => {
  const [late, soon] = [await askFor('Late ticket'), await askFor('Soon ticket', 'Another')]
  await server.context.database.query(
    `UPDATE requests SET expires_at = clock_timestamp() + interval '50 minutes' WHERE id = $1`,
    [soon.id],
  )
  const { token } = await server.caller('bob', 'approver')
  await using visitor = await visit(browser, `${server.url}/#/approvals`)
  const { page } = visitor
  await signIn(page, token)
  const rows = page.getByRole('table').getByRole('row')
  await rows.nth(1).waitFor()
  const first = await rows.nth(1).textContent()
  for (const text of [
    `Mint "Soon ticket" for ${treasury.recipient} and 1 more`,
    'shop',
    'in 49 min.',
  ])
    expect(first).toContain(text)
  const ids = await page
    .locator('.row-link')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')))
  expect(ids.indexOf(`#/approvals/${soon.id}`)).toBe(0)
  expect(ids).toContain(`#/approvals/${late.id}`)
})

it('offers no approval to the person who asked, and the server refuses it', async () => {
  const bob = await server.caller('bob', 'requester', 'approver')
  const items = [mintOf(treasury.recipient, 'For myself')]
  const { body } = await bob.call('POST', '/v1/mints', { items })
  await using visitor = await visit(browser, `${server.url}/#/approvals/${body.id}`)
  const { page } = visitor
  await signIn(page, bob.token)
  await page.getByText('You asked for this yourself.').waitFor()
  await page.getByText('1 item', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: /^Approve/ }).count()).toBe(0)
  const { digest } = body
  const refused = await bob.call('POST', `/v1/mints/${body.id}/approvals`, { digest })
  expect(refused).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } })
})

it('shows a refusal of the server beside the button that met it', async () => {
  const { id } = await askFor('Too late')
  const { token } = await server.caller('alice', 'approver')
  await using visitor = await visit(browser, `${server.url}/#/approvals/${id}`)
  const { page } = visitor
  await signIn(page, token)
  await page.getByText('Everything that will be signed is above.').waitFor()
  await readReview(page)
  await page.getByRole('button', { name: 'Approve 1 item…' }).click()
  const operator = await server.caller('olga', 'operator')
  await operator.call('POST', `/v1/mints/${id}/cancel`, {})
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Approve' }).click()
  await dialog.getByRole('alert').getByText('REQUEST_OVER').waitFor()
})

it('shows metadata as text, whatever it holds', async () => {
  const { id } = await askFor(attack)
  const { token } = await server.caller('alice', 'approver', 'auditor')
  await using visitor = await visit(browser, `${server.url}/#/approvals/${id}`)
  const { page, faults } = visitor
  const calls: string[] = []
  page.on('request', (request) => calls.push(request.url()))
  await signIn(page, token)
  await page.getByRole('definition').getByText(attack, { exact: true }).waitFor()
  await goTo(page, `#/mints?search=${encodeURIComponent('<img')}`, 'Mints')
  await page.locator(`a[href="#/mints/${id}"]`).waitFor()
  expect(await page.locator('#root img').count()).toBe(0)
  expect(faults).toEqual([])
  // Not even the thumbnail is loaded: nothing leaves for another origin.
  expect(calls.filter((url) => !url.startsWith(server.url))).toEqual([])
})

it('leads back to the page after the session has ended', async () => {
  const { token } = await server.caller('alice', 'approver')
  await using visitor = await visit(browser, `${server.url}/#/keys`)
  const { page } = visitor
  await signIn(page, token)
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
  await server.context.database.query('UPDATE sessions SET expires_at = clock_timestamp()')
  await page.getByText('Your session has ended.').waitFor()
  const { origins } = await page.context().storageState()
  expect(JSON.stringify(origins)).not.toContain(token)
  await signIn(page, token)
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
})

it('pauses and resumes with a reason', async () => {
  const { token } = await server.caller('olga', 'operator')
  await using visitor = await visit(browser, server.url)
  const { page } = visitor
  await signIn(page, token)
  for (const [button, confirm, state] of [
    ['Pause…', 'Pause', 'Paused'],
    ['Resume…', 'Resume', 'Running'],
  ] as const) {
    await page.getByRole('button', { name: button }).click()
    await page.getByLabel('Reason').fill('A rehearsal')
    await page.getByRole('dialog').getByRole('button', { name: confirm }).click()
    await page.locator('.server-state').getByText(state).waitFor()
  }
})

it('verifies the audit trail', async () => {
  const { token } = await server.caller('eve', 'auditor')
  await using visitor = await visit(browser, `${server.url}/#/audit`)
  const { page } = visitor
  await signIn(page, token)
  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page.getByText(/The chain is intact: \d+ records? verified/).waitFor()
})

it('tells that the server is gone', async () => {
  const { token } = await server.caller('eve', 'auditor')
  await using visitor = await visit(browser, server.url)
  const { page } = visitor
  await signIn(page, token)
  await page.route('**/v1/**', (route) => route.abort('connectionrefused'))
  await goTo(page, '#/keys', 'Keys')
  await page.getByText('The server does not answer').first().waitFor()
  await page.unroute('**/v1/**')
  await page.getByRole('cell', { name: 'Enabled' }).first().waitFor()
})

const looks = [
  ['light', { scheme: 'light' }],
  ['dark', { scheme: 'dark' }],
  ['on a phone', { width: 320, height: 700 }],
] as const
it.each(looks)('has no barrier in any view, %s', async (_, look) => {
  const { id } = await askFor('Ticket', attack)
  const all = ['approver', 'operator', 'auditor'] as const
  const { token } = await server.caller('alice', ...all)
  await using visitor = await visit(browser, server.url, look)
  const { page, faults } = visitor
  await page.locator('input[name=token]').waitFor()
  expect(await findBarriers(page)).toEqual([])
  await signIn(page, token)
  const views: readonly (readonly [string, string | RegExp, string])[] = [
    ['#/', 'Overview', 'KMS calls a second'],
    ['#/mints', 'Mints', 'Waiting for approval'],
    [`#/mints/${id}`, 'Mint an NFT', '0 of 2 done'],
    ['#/approvals', 'Approvals', 'Waiting for approval'],
    [`#/approvals/${id}`, /^Review/, 'Everything that will be signed is above.'],
    ['#/keys', 'Keys', 'A transaction takes weight 1,000.'],
    ['#/proposal-keys', 'Proposal keys', 'Sequence number'],
    ['#/audit', 'Audit', 'Every record holds the hash'],
  ]
  for (const [hash, heading, text] of views) {
    await goTo(page, hash, heading)
    await page.locator('main').getByText(text).first().waitFor({ state: 'attached' })
    expect({ hash, barriers: await findBarriers(page) }).toEqual({ hash, barriers: [] })
    expect({ hash, overflow: await overflowOf(page) }).toEqual({ hash, overflow: 0 })
  }
  expect(faults).toEqual([])
})
