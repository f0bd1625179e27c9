/** Ways to stop a relay, and what must be true of what it was signing then. @module */

import type { RelayStore } from '../../../src/stores/index.ts'
import { address, type openRelay } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

export type Opened = Awaited<ReturnType<typeof openRelay>>

const nodesDisagree = { code: 'NODES_DISAGREE', reason: 'look at it', end: 'operator' } as const

/** How a relay is stopped: here, or by another process, which it reads in the store. */
export const stops: Readonly<
  Record<string, (relay: Opened, store: RelayStore) => Promise<unknown>>
> = {
  'a pause': (relay) => relay.pause(),
  'a pause by another process': (_, store) => store.setPaused(address, true),
  'a hold of an operator': (_, store) => store.setHold(address, nodesDisagree),
}

export const heldBy = async (relay: Opened) => (await relay.stats()).held?.code

/** Opens the gate while the relay is stopped: nothing may come of it; and then all once it goes on. */
export async function expectNothingUntilResumed(
  relay: Opened,
  {
    store,
    node,
    open,
  }: { store: RelayStore; node: { executed: readonly string[] }; open: () => void },
): Promise<void> {
  open()
  await until(async () => (await relay.stats()).transactions.preparing === 0)
  expect(await store.listAttempts(address, 'a')).toHaveLength(0)
  expect(relay.events.filter(({ kind }) => kind === 'signed' || kind === 'sent')).toEqual([])
  expect(await (await relay.job('a')).status()).toMatchObject({ state: 'queued' })
  await relay.resume()
  await (await relay.job('a')).sealed()
  expect(await store.listAttempts(address, 'a')).toHaveLength(1)
  expect(node.executed).toEqual(['a'])
}
