import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintOf, startAdminChain, startTestServer, twoKeys } from '../support/admin-server/world.ts'
import { goTo, readReview, signIn, startBrowser, visit } from './support/browser.ts'

/** `SCREENSHOTS=docs npm test -- --only browser` writes those of the documents anew. */
const folder = process.env['SCREENSHOTS'] ?? mkdtempSync(join(tmpdir(), 'fcl-kms-screenshots-'))

/** Of an address that has no part in the others. */
const stranger = '0x0ae53cb6e3f42a79'

it('takes the pictures of the documents', async () => {
  await using world = await startAdminChain()
  const { config, recipient } = await world.createTreasury(twoKeys)
  await using server = await startTestServer(config)
  const shop = await server.caller('shop', 'requester')
  const items = ['Opening night, row 1', 'Opening night, row 2'].map((name) => ({
    ...mintOf(recipient, name),
    description: 'Admits one. Doors at seven.',
    traits: { rarity: 'common', seat: name.slice(-1) },
  }))
  const ask = async (order: string, asked: readonly object[]) => {
    const headers = { 'idempotency-key': order }
    return (await shop.call('POST', '/v1/mints', { items: asked }, headers)).body
  }
  const body = await ask('order-4711', items)
  const drop = await ask(
    'drop-2026-spring',
    Array.from({ length: 1_000 }, (_, n) => ({
      ...mintOf(n === 677 ? stranger : recipient, `Opening night, seat ${n + 1}`),
      description: 'Admits one. Doors at seven.',
    })),
  )
  await server.context.database.query(
    `UPDATE requests SET expires_at = clock_timestamp() + interval '50 minutes' WHERE id = $1`,
    [drop.id],
  )
  const alice = await server.caller('alice', 'approver', 'operator', 'auditor')

  const browser = await startBrowser()
  try {
    await using visitor = await visit(browser, `${server.url}/#/approvals/${body.id}`)
    const { page, faults } = visitor
    await signIn(page, alice.token)
    await page.getByText('End of the summary.').waitFor()
    const approval = await page.screenshot({ path: join(folder, 'dashboard-approval.png') })
    await readReview(page)
    await page.getByRole('button', { name: 'Approve 2 items…' }).click()
    const dialog = await page.screenshot({ path: join(folder, 'dashboard-confirmation.png') })
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await goTo(page, `#/mints/${body.id}`, 'Mint an NFT')
    await page.getByText('2 of 2 done').waitFor()
    const options = { path: join(folder, 'dashboard-mint.png'), fullPage: true }
    const mint = await page.screenshot(options)
    await goTo(page, `#/approvals/${drop.id}`, /^Review/)
    await page.getByText('End of the summary.').waitFor()
    const review = await page.screenshot({ path: join(folder, 'dashboard-review.png') })
    const later = await ask('order-4712', items.slice(0, 1))
    await goTo(page, '#/approvals', 'Approvals')
    await page.locator(`a[href="#/approvals/${later.id}"]`).waitFor()
    const inbox = await page.screenshot({ path: join(folder, 'dashboard-inbox.png') })
    for (const picture of [approval, dialog, mint, review, inbox])
      expect(picture.length).toBeGreaterThan(20_000)
    expect(faults).toEqual([])
  } finally {
    await browser.close()
  }
}, 120_000)
