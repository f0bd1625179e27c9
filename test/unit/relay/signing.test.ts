import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import {
  address,
  gated,
  mint,
  openRelay,
  signer,
  startRelayNode,
} from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'
import { expectNothingUntilResumed, heldBy, type Opened, stops } from './stops.ts'

const keyDisabled = { code: 'KEY_DISABLED', reason: 'enable it', end: 'signed' } as const

describe('a transaction that is being signed', () => {
  it.each([
    ...Object.entries(stops),
    [
      'any other hold',
      (_: Opened, store: RelayStore) => store.setHold(address, keyDisabled),
    ] as const,
  ])('is neither stored nor sent after %s', async (_, stop) => {
    await using node = await startRelayNode()
    const store = createMemoryStore()
    const { key, asked, open } = gated(signer)
    await using relay = await openRelay(node.url, { store, key })
    await relay.submit(mint('a'))
    await until(() => asked() === 1)
    await stop(relay, store)
    await until(async () => (await heldBy(relay)) !== undefined)
    await expectNothingUntilResumed(relay, { store, node, open })
  })
})
