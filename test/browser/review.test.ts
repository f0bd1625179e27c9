/** What an approver must have seen before the button works. */
import { mintOf } from '../support/admin-server/world.ts'
import {
  clickIfThere,
  drawn,
  findBarriers,
  overflowOf,
  readReview,
  signIn,
  visit,
} from './support/browser.ts'
import { type Stand, startStand } from './support/stand.ts'

let stand: Stand
let browser: Stand['browser']
let treasury: Stand['treasury']
let server: Stand['server']
let askFor: Stand['askFor']
let askForItems: Stand['askForItems']

beforeAll(async () => {
  stand = await startStand()
  ;({ browser, treasury, server, askFor, askForItems } = stand)
}, 120_000)

afterAll(async () => {
  await stand?.[Symbol.asyncDispose]()
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
  await clickIfThere(bar.getByRole('button', { name: 'read the summary to its end' }))
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
