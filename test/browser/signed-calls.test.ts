import type { Browser, Page } from 'playwright-core'
import {
  type AdminChain,
  startAdminChain,
  startTestServer,
  type TestServer,
  twoKeys,
} from '../support/admin-server/world.ts'
import { signIn, startBrowser, visit } from './support/browser.ts'

let world: AdminChain
let browser: Browser
let server: TestServer

beforeAll(async () => {
  ;[world, browser] = await Promise.all([startAdminChain(), startBrowser()])
  const { config } = await world.createTreasury(twoKeys)
  const http = { ...config.http, requestSignatures: 'approvals' } as const
  server = await startTestServer(config, { http })
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

async function confirm(page: Page, button: string, name: string): Promise<void> {
  await page.getByRole('button', { name: button }).click()
  await page.getByLabel('Reason').fill('A rehearsal')
  await page.getByRole('dialog').getByRole('button', { name }).click()
}

it('signs what its server asks signatures for, by a key that is gone with the page', async () => {
  const { token } = await server.caller('olga', 'operator')
  await using visitor = await visit(browser, server.url)
  const { page } = visitor
  await signIn(page, token)
  await confirm(page, 'Pause…', 'Pause')
  await page.locator('.server-state').getByText('Paused').waitFor()
  await page.reload()
  await confirm(page, 'Resume…', 'Resume')
  await page.getByText('which a page forgets when it is loaded anew').waitFor()
  await signIn(page, token)
  await confirm(page, 'Resume…', 'Resume')
  await page.locator('.server-state').getByText('Running').waitFor()
  const { origins } = await page.context().storageState()
  expect(JSON.stringify(origins)).not.toContain(token)
})
