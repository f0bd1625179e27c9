/** The admin server on a chain of its own, a treasury with two keys, and a browser. */
import { randomBytes } from 'node:crypto'
import {
  mintOf,
  startAdminChain,
  startTestServer,
  type TestServer,
  type Treasury,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { startBrowser } from './browser.ts'

export type Stand = AsyncDisposable & {
  readonly browser: Awaited<ReturnType<typeof startBrowser>>
  readonly treasury: Treasury
  readonly server: TestServer
  /** Asks for mints of these names as a shop that is no person. */
  readonly askFor: (...names: readonly string[]) => Promise<Asked>
  readonly askForItems: (items: readonly object[], order?: string) => Promise<Asked>
}

/** A request that waits for approval. */
type Asked = { readonly id: string; readonly digest: string }

export async function startStand(): Promise<Stand> {
  const [world, browser] = await Promise.all([startAdminChain(), startBrowser()])
  const treasury = await world.createTreasury(twoKeys)
  const server = await startTestServer(treasury.config)

  async function askForItems(
    items: readonly object[],
    order = `order-${randomBytes(6).toString('hex')}`,
  ): Promise<Asked> {
    const shop = await server.caller('shop', 'requester')
    const headers = { 'idempotency-key': order }
    const { body, status } = await shop.call('POST', '/v1/mints', { items }, headers)
    expect(status).toBe(202)
    return body
  }

  return {
    browser,
    treasury,
    server,
    askForItems,
    askFor: (...names) => askForItems(names.map((name) => mintOf(treasury.recipient, name))),
    async [Symbol.asyncDispose]() {
      await browser.close()
      await server[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}
