import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Signer, SignerError } from '../../../src/index.ts'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import {
  address,
  gated,
  interposed,
  mint,
  openRelay,
  signer,
  startRelayNode,
} from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

const batches = { mints: { cadence: 'transaction(ids: [String]) {}' } }
const waits = { id: 'waits', batch: 'mints', args: [{ type: 'String', value: 'waits' }] }

/** A store that goes on, is down, or answers nothing, and counts what it is asked. */
function switchable() {
  const memory = createMemoryStore()
  const asked: (keyof RelayStore)[] = []
  let mode: 'on' | 'down' | 'silent' = 'on'
  const store = interposed(memory, async (name, step) => {
    asked.push(name)
    if (mode === 'down') throw new RangeError('the database is down')
    return mode === 'silent' ? new Promise(() => undefined) : step()
  })
  const turn = (to: typeof mode) => {
    mode = to
  }
  return { memory, store, asked, turn }
}

describe('close', () => {
  it.each(['down', 'silent'] as const)(
    'ends everything while the database is %s, and is one close however often it is called',
    async (mode) => {
      await using node = await startRelayNode()
      const { memory, store, asked, turn } = switchable()
      const relay = await openRelay(node.url, { store, batches, batchWaitMs: 60_000, leaseMs: 60 })
      const job = await relay.submit(waits)
      await until(async () => (await memory.countJobs(address)).claimed === 1)
      const waiting = job.sealed().catch(({ code }) => code)
      turn(mode)
      const closed = relay.close({ timeoutMs: 300 })
      expect(relay.close()).toBe(closed)
      await closed
      expect(await waiting).toBe('RELAY_CLOSED')
      await expect(relay.submit(mint('late'))).rejects.toMatchObject({ code: 'RELAY_CLOSED' })
      const before = { steps: asked.length, requests: node.requests() }
      turn('on')
      const height = node.chain.heights().final
      await until(() => node.chain.heights().final >= height + 30) // many beats later
      expect({ steps: asked.length, requests: node.requests() }).toEqual(before)
    },
  )

  it('waits for what is being signed, which is stored and sent', async () => {
    await using node = await startRelayNode()
    const { key, asked, open } = gated(signer)
    const store = createMemoryStore()
    const relay = await openRelay(node.url, { store, key })
    await relay.submit(mint('a'))
    await until(() => asked() === 1)
    const closing = relay.close()
    open()
    await closing
    await until(() => node.executed.includes('a'))
    expect(await store.listAttempts(address, 'a')).toHaveLength(1)
  })

  it('waits for what is being signed also when claims cannot be given back', async () => {
    await using node = await startRelayNode()
    const { key, asked, open } = gated(signer)
    const memory = createMemoryStore()
    let failures = 0
    const store = interposed(memory, async (name, step) => {
      if (name !== 'unclaimJobs') return step()
      failures += 1
      throw new RangeError('the database is down')
    })
    const relay = await openRelay(node.url, { store, key, batches, batchWaitMs: 60_000 })
    await relay.submit(mint('a'))
    await relay.submit(waits)
    await until(async () => asked() === 1 && (await memory.countJobs(address)).claimed === 2)
    const closing = relay.close()
    await until(() => failures > 0)
    open()
    await closing
    expect(await memory.listAttempts(address, 'a')).toHaveLength(1)
  })

  it('waits no longer than it is told for a signer that does not answer', async () => {
    await using node = await startRelayNode()
    const { key, asked, open } = gated(signer)
    const { memory, store } = switchable()
    const relay = await openRelay(node.url, { store, key })
    await relay.submit(mint('a'))
    await until(() => asked() === 1)
    await relay.close({ timeoutMs: 50 })
    open() // too late: nobody would follow it
    const height = node.chain.heights().final
    await until(() => node.chain.heights().final >= height + 30)
    expect(await memory.listAttempts(address, 'a')).toEqual([])
    expect(node.executed).toEqual([])
  })

  const disabled: Signer = {
    ...signer,
    sign: async () => Promise.reject(new SignerError('KEY_DISABLED', { keyId: 'key' })),
  }

  /** A relay that holds, and whose store does not take that until it is told to. */
  async function openHeld(node: { readonly url: string }) {
    const memory = createMemoryStore()
    let takes = false
    let failures = 0
    const store = interposed(memory, async (name, step) => {
      if (takes || name !== 'setHold') return step()
      failures += 1
      throw new RangeError('the database is full')
    })
    const relay = await openRelay(node.url, { store, key: disabled })
    await relay.submit(mint('a'))
    await until(() => failures > 0)
    const take = () => {
      takes = true
    }
    return { relay, memory, take }
  }

  it('waits until a hold that was met is stored', async () => {
    await using node = await startRelayNode()
    const { relay, memory, take } = await openHeld(node)
    const closing = relay.close()
    take()
    await closing
    expect((await memory.readHold(address)).hold).toMatchObject({ code: 'KEY_DISABLED' })
  })

  it('ends the tries to store a hold', async () => {
    await using node = await startRelayNode()
    const { relay } = await openHeld(node)
    await relay.close({ timeoutMs: 20 })
    const told = relay.events.length
    const height = node.chain.heights().final
    await until(() => node.chain.heights().final >= height + 60) // several tries later
    expect(relay.events.length).toBe(told)
  })

  it.each(['goes on', 'is down', 'gives no answer'])(
    'lets the process end by itself while the database %s',
    async (mode) => {
      const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
      const program = `
        import { register } from 'node:module'
        register(${file('../../support/load-typescript.mjs')})
        const { startRelayNode, openRelay, interposed, mint } =
          await import(${file('../../support/simulated-relay.ts')})
        const { createMemoryStore } = await import(${file('../../../src/stores/index.ts')})
        let mode = 'goes on'
        const store = interposed(createMemoryStore(), async (_, step) => {
          if (mode === 'is down') throw new Error('the database is down')
          return mode === 'gives no answer' ? new Promise(() => undefined) : step()
        })
        const node = await startRelayNode()
        const relay = await openRelay(node.url, { store, leaseMs: 300 })
        for (const id of ['a', 'b', 'c', 'd', 'e'])
          void (await relay.submit(mint(id))).sealed().catch(() => undefined)
        mode = '${mode}'
        await relay.close({ timeoutMs: 20 })
        await node[Symbol.asyncDispose]()
        console.log('closed')`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', program],
        { timeout: 30_000 },
      )
      expect(stdout.trim()).toBe('closed')
    },
  )

  it('waits without an end when it is told to', async () => {
    await using node = await startRelayNode()
    const { key, asked, open } = gated(signer)
    const relay = await openRelay(node.url, { key })
    await relay.submit(mint('a'))
    await until(() => asked() === 1)
    const closing = relay.close({ timeoutMs: Number.POSITIVE_INFINITY })
    const height = node.chain.heights().final
    await until(() => node.chain.heights().final >= height + 10)
    open()
    await closing
    await until(() => node.executed.includes('a'))
  })
})
