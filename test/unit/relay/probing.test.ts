import { type Signer, SignerError } from '../../../src/index.ts'
import { createMemoryStore } from '../../../src/stores/index.ts'
import { gated, mint, openRelay, signer, startRelayNode } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'
import { expectNothingUntilResumed, heldBy, stops } from './stops.ts'

describe('the one that tries whether a hold is over', () => {
  /** Cannot sign until it is enabled, and then not before the gate is open. */
  function disabled(): ReturnType<typeof gated> & { readonly enable: () => void } {
    const gate = gated(signer)
    let enabled = false
    const key: Signer = {
      ...gate.key,
      async sign(request) {
        if (!enabled) throw new SignerError('KEY_DISABLED', { keyId: 'key' })
        return gate.key.sign(request)
      },
    }
    const enable = () => {
      enabled = true
    }
    return { ...gate, key, enable }
  }

  it('ends the hold', async () => {
    await using node = await startRelayNode()
    const { key, enable, open } = disabled()
    await using relay = await openRelay(node.url, { key })
    const job = await relay.submit(mint('a'))
    await until(async () => (await heldBy(relay)) === 'KEY_DISABLED')
    enable()
    open()
    await job.sealed()
    expect(await heldBy(relay)).toBeUndefined()
    expect(node.executed).toEqual(['a'])
  })

  it.each(Object.entries(stops))('is neither stored nor sent after %s', async (_, stop) => {
    await using node = await startRelayNode()
    const store = createMemoryStore()
    const { key, enable, asked, open } = disabled()
    await using relay = await openRelay(node.url, { store, key })
    await relay.submit(mint('a'))
    await until(async () => (await heldBy(relay)) === 'KEY_DISABLED')
    enable()
    await until(() => asked() === 1)
    await stop(relay, store)
    await until(async () => (await heldBy(relay)) !== 'KEY_DISABLED')
    await expectNothingUntilResumed(relay, { store, node, open })
  })
})
