import { randomBytes } from 'node:crypto'
import type { Browser } from 'playwright-core'
import {
  type AdminChain,
  mintOf,
  startAdminChain,
  startTestServer,
  type TestServer,
  type Treasury,
  twoKeys,
} from '../support/admin-server/world.ts'
import {
  drawn,
  findBarriers,
  goTo,
  overflowOf,
  readReview,
  signIn,
  startBrowser,
  visit,
} from './support/browser.ts'

const attack = '<img src=x onerror="alert(1)">'
let world: AdminChain
let browser: Browser
let treasury: Treasury
let server: TestServer

beforeAll(async () => {
  ;[world, browser] = await Promise.all([startAdminChain(), startBrowser()])
  treasury = await world.createTreasury(twoKeys)
  server = await startTestServer(treasury.config)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

/** Asks for mints of these names as a shop that is no person. */
const askFor = (...names: readonly string[]) =>
  askForItems(names.map((name) => mintOf(treasury.recipient, name)))

async function askForItems(
  items: readonly object[],
  order = `order-${randomBytes(6).toString('hex')}`,
): Promise<{ id: string; digest: string }> {
  const shop = await server.caller('shop', 'requester')
  const headers = { 'idempotency-key': order }
  const { body, status } = await shop.call('POST', '/v1/mints', { items }, headers)
  expect(status).toBe(202)
  return body
}

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

it('is not approved by links and jumps alone, while most of it was never on the screen', async () => {
  const { id } = await askFor(...Array.from({ length: 25 }, (_, n) => `Ticket ${n + 1}`))
  const { token } = await server.caller('alice', 'approver')
  await using visitor = await visit(browser, `${server.url}/#/approvals/${id}`)
  const { page } = visitor
  await signIn(page, token)
  const bar = page.getByRole('region', { name: 'Decision' })
  await bar.getByText('Everything that will be signed is above.').waitFor()
  const approve = bar.getByRole('button', { name: 'Approve 25 items…' })
  const link = bar.getByRole('button', { name: 'look through the items' })
  for (const step of await bar.getByRole('button', { name: /^(?:read|look)/ }).all())
    if (await step.isVisible()) await step.click()
  await link.click()
  await drawn(page)
  expect(await page.locator('#items-title').evaluate((title) => title.matches(':focus'))).toBe(true)
  await page.getByText('End of what will be signed.').scrollIntoViewIfNeeded()
  await drawn(page)
  expect([await link.isVisible(), await approve.isEnabled()]).toEqual([true, false])
  await readReview(page)
  await bar.getByText('Approve only what you have read.').waitFor()
  expect(await approve.isEnabled()).toBe(true)
})

describe('a review of 1,000 items', () => {
  const foreign = '0x0ae53cb6e3f42a79'
  const order = 'order-4711'
  let id: string

  beforeAll(async () => {
    const items = Array.from({ length: 1_000 }, (_, n) => ({
      ...mintOf(n === 677 ? foreign : treasury.recipient, `Ticket ${n + 1}`),
      description: 'Admits one',
    }))
    id = (await askForItems(items, order)).id
  })

  async function open() {
    const { token } = await server.caller('alice', 'approver')
    const visitor = await visit(browser, `${server.url}/#/approvals/${id}`)
    await signIn(visitor.page, token)
    await visitor.page.getByText('Everything that will be signed is above.').waitFor()
    return visitor
  }

  it('says first who asked, for which order, for whom, and what is unlike the rest', async () => {
    await using visitor = await open()
    const { page, faults } = visitor
    const summary = page.getByRole('region', { name: 'Summary' })
    for (const text of ['shop', order, '1 recipient unlike the others'])
      await summary.getByText(text, { exact: true }).waitFor()
    const rows = summary.getByRole('table', { name: 'Recipients' }).getByRole('row')
    expect(await rows.nth(1).textContent()).toMatch(/^0x0ae53cb6e3f42a79Unlike the others/)
    expect(await rows.nth(1).getByRole('cell').first().textContent()).toBe('1')
    expect(await rows.nth(2).getByRole('cell').first().textContent()).toBe('999')
    await summary.getByText('1,000 different values').waitFor()
    const flagged = page.getByRole('region', { name: 'To look at: 1 item' })
    await flagged.getByRole('definition').getByText(foreign, { exact: true }).waitFor()
    expect(await flagged.getByText(/^678$/).count()).toBe(1)
    expect(await page.getByRole('heading', { level: 2 }).first().textContent()).toBe('Summary')
    expect(faults).toEqual([])
  })

  it('has no barrier on a phone, nor in the dark', async () => {
    const { token } = await server.caller('alice', 'approver')
    for (const look of [{ width: 320, height: 700 }, { scheme: 'dark' }] as const) {
      await using visitor = await visit(browser, `${server.url}/#/approvals/${id}`, look)
      const { page } = visitor
      await signIn(page, token)
      await page.getByText('Everything that will be signed is above.').waitFor()
      expect(await findBarriers(page)).toEqual([])
      expect(await overflowOf(page)).toBe(0)
    }
  })

  it('has the height of a few screens, and all items in its pages', async () => {
    await using visitor = await open()
    const { page } = visitor
    const height = await page.evaluate('document.documentElement.scrollHeight')
    expect(height).toBeLessThan(6_000)
    const list = page.getByRole('region', { name: 'What will be signed' })
    const titles = async () => (await list.locator('.item summary').allTextContents()).join('\n')
    let seen = 0
    for (const next = list.getByRole('button', { name: 'Next items', exact: true }); ; ) {
      const shown = await titles()
      while (shown.includes(`"Ticket ${seen + 1}"`)) seen += 1
      if (await next.isDisabled()) break
      await next.click()
    }
    expect(seen).toBe(1_000)
  })

  it('is approved once each part was seen, by a confirmation that names recipients', async () => {
    await using visitor = await open()
    const { page } = visitor
    const approve = page.getByRole('button', { name: 'Approve 1,000 items…' })
    const flagged = page.getByLabel('I have looked at this item')
    const items = page.getByLabel('I have looked through the 1,000 items')
    expect(await approve.isEnabled()).toBe(false)
    await items.check()
    expect(await approve.isEnabled()).toBe(false)
    await readReview(page)
    expect(await approve.isEnabled()).toBe(false)
    await flagged.check()
    await page.getByText('Approve only what you have read.').waitFor()
    expect(await approve.isEnabled()).toBe(true)
    await items.uncheck()
    expect(await approve.isEnabled()).toBe(false)
    await items.check()
    await approve.click()
    const dialog = page.getByRole('dialog', { name: 'Approve 1,000 items?' })
    await dialog.getByText(`${foreign}: 1 item, unlike the others`).waitFor()
    await dialog.getByText(`${treasury.recipient}: 999 items`).waitFor()
    await dialog.getByText('1 item to look at').waitFor()
    await dialog.getByText(order, { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    const operator = await server.caller('olga', 'operator')
    await operator.call('POST', `/v1/mints/${id}/cancel`, {})
  })
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
