import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintOf, startAdminChain, startTestServer, twoKeys } from '../support/admin-server/world.ts'
import { goTo, signIn, startBrowser, visit } from './support/browser.ts'

/** `SCREENSHOTS=docs npm test -- --only browser` writes those of the documents anew. */
const folder = process.env['SCREENSHOTS'] ?? mkdtempSync(join(tmpdir(), 'fcl-kms-screenshots-'))

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
  const { body } = await shop.call('POST', '/v1/mints', { items })
  const alice = await server.caller('alice', 'approver', 'operator', 'auditor')

  const browser = await startBrowser()
  try {
    await using visitor = await visit(browser, `${server.url}/#/approvals/${body.id}`)
    const { page, faults } = visitor
    await signIn(page, alice.token)
    await page.getByRole('button', { name: 'Approve 2 items…' }).waitFor()
    const approval = await page.screenshot({ path: join(folder, 'dashboard-approval.png') })
    await page.getByRole('button', { name: 'Approve 2 items…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await goTo(page, `#/mints/${body.id}`, 'Mint an NFT')
    await page.getByText('2 of 2 done').waitFor()
    const options = { path: join(folder, 'dashboard-mint.png'), fullPage: true }
    const mint = await page.screenshot(options)
    for (const picture of [approval, mint]) expect(picture.length).toBeGreaterThan(20_000)
    expect(faults).toEqual([])
  } finally {
    await browser.close()
  }
}, 120_000)
