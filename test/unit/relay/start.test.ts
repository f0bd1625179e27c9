import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { interposed, mint, openRelay, startRelayNode } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

/** What a start asks the store, in this order. */
const steps = ['enrollKeys', 'listKeys', 'adoptKeys', 'readHold', 'adoptAttempts'] as const

/** A store that refuses the first of these steps, and counts all that it is asked. */
function refusing(name: keyof RelayStore) {
  const asked: string[] = []
  const store = interposed(createMemoryStore(), async (step, go) => {
    asked.push(step)
    if (step === name && asked.filter((one) => one === name).length === 1)
      throw new RangeError('the database was restarted')
    return go()
  })
  return { store, asked }
}

/** One that is gone need not be waited for. */
const nodesOf = (url: string, names: readonly string[]) =>
  names.map((name) => ({ url: `${url}/${name}`, timeoutMs: name === 'gone' ? 300 : ANSWERS_MS }))

describe('createRelay, while one of its nodes does not answer', () => {
  it.each([
    ['first', ['gone', 'good']],
    ['second', ['good', 'gone']],
  ])('starts, tells it, and does jobs: the %s', async (_, names) => {
    await using node = await startRelayNode()
    node.setFault(({ client }) => (client === 'gone' ? 'reset' : undefined))
    const accessNodes = nodesOf(node.url, names)
    await using relay = await openRelay(`${node.url}/good`, { accessNodes })
    expect(relay.events).toContainEqual(expect.objectContaining({ kind: 'node-left' }))
    await relay.submit(mint('job'))
    await until(() => relay.events.some(({ kind }) => kind === 'sealed'))
  })

  it('never uses one that serves another chain when it is back, and tells it once', async () => {
    await using node = await startRelayNode()
    const asked: string[] = []
    let isBack = false
    node.setFault((request) => {
      if (request.client !== 'gone') return undefined
      asked.push(request.path)
      if (!isBack) return 'reset'
      const isParameters = request.path === 'network/parameters'
      return isParameters ? { status: 200, body: { chain_id: 'flow-testnet' } } : undefined
    })
    const accessNodes = nodesOf(node.url, ['gone', 'good'])
    await using relay = await openRelay(`${node.url}/good`, { accessNodes })
    isBack = true
    const mismatches = () =>
      relay.events.filter((event) => event.kind === 'trouble' && event.code === 'CHAIN_MISMATCH')
    let id = 0
    await until(async () => {
      await relay.submit(mint(`${id++}`))
      return mismatches().length > 0
    })
    expect(new Set(asked)).toEqual(new Set(['network/parameters']))
    expect(mismatches()).toHaveLength(1)
    const sent = () =>
      relay.events.flatMap((event) => (event.kind === 'sent' ? [event.verdict] : []))
    await until(() => sent().length > 0)
    expect(new Set(sent())).toEqual(new Set(['taken']))
  })
})

describe('createRelay, when it rejects', () => {
  it.each(steps)('leaves nothing going on when the step %s fails', async (name) => {
    await using node = await startRelayNode()
    const { store, asked } = refusing(name)
    await expect(openRelay(node.url, { store, leaseMs: 30 })).rejects.toThrow(RangeError)
    const before = { steps: asked.length, requests: node.requests() }
    const height = node.chain.heights().final
    await until(() => node.chain.heights().final >= height + 30) // many beats later
    expect({ steps: asked.length, requests: node.requests() }).toEqual(before)
  })

  it('gives back at once what it had taken over', async () => {
    await using node = await startRelayNode()
    const { store, asked } = refusing('readHold')
    await expect(openRelay(node.url, { store })).rejects.toThrow(RangeError)
    expect(asked.at(-1)).toBe('extend')
  })

  it.each([
    ['twice', 'http://node.example:8080/a', 'http://node.example:8080/a'],
    ['with a slash at its end', 'http://node.example:8080', 'http://node.example:8080/'],
    ['with capitals in its host', 'http://node.example/a', 'http://Node.EXAMPLE/a'],
    ['with the port of its scheme', 'https://node.example', 'https://node.example:443/'],
  ])('has asked nobody: the same node is named %s', async (_, one, other) => {
    const store = interposed(createMemoryStore(), () => Promise.reject(new Error('it was asked')))
    const accessNodes = ['http://third.example', one, { url: other, timeoutMs: 7 }]
    await expect(openRelay(one, { accessNodes, store })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'accessNodes', reason: expect.stringContaining('2 and 3') },
    })
  })

  it('leaves nothing going on when a node serves another chain', async () => {
    await using node = await startRelayNode()
    node.setFault(({ client }) => {
      if (client === 'other') return { status: 200, body: { chain_id: 'flow-testnet' } }
      return client === 'gone' ? 'reset' : undefined // it would be asked again for seconds
    })
    const accessNodes = [node.url, `${node.url}/other`, `${node.url}/gone`]
    await expect(openRelay(node.url, { accessNodes })).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    })
    const height = node.chain.heights().final
    await until(() => node.chain.heights().final >= height + 5)
    const before = node.requests()
    await until(() => node.chain.heights().final >= height + 50)
    expect(node.requests()).toBe(before)
  })

  it.each(steps)('lets the process end by itself when the step %s fails', async (name) => {
    const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
      import { register } from 'node:module'
      register(${file('../../support/load-typescript.mjs')})
      const { startRelayNode, openRelay, interposed } =
        await import(${file('../../support/simulated-relay.ts')})
      const { createMemoryStore } = await import(${file('../../../src/stores/index.ts')})
      const store = interposed(createMemoryStore(), async (step, go) => {
        if (step === '${name}') throw new RangeError('the database is gone')
        return go()
      })
      const node = await startRelayNode()
      await openRelay(node.url, { store, leaseMs: 600 }).catch(({ name }) => console.log(name))
      await node[Symbol.asyncDispose]()`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { timeout: 60_000 },
    )
    expect(stdout.trim()).toBe('RangeError')
  })
})
