import {
  abortRotation,
  type RotationStep,
  resumeRotation,
  rotateKey,
  signerVault,
} from '../../src/provisioning/index.ts'
import { createMemoryStore } from '../../src/stores/index.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import {
  hexOf,
  holding,
  refusal,
  rotated,
  rotatedAccount,
  send,
  software,
  twoHolders,
  untouched,
} from '../support/key-rotation.ts'

let chain: FlowChain

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  chain = await startChain()
})

afterAll(() => chain?.[Symbol.asyncDispose]())

const beforeSwap: RotationStep[] = ['create', 'add', 'prove', 'sign', 'drain', 'swap']

describe('a rotation that goes back', () => {
  it.each(beforeSwap)(
    'before %s leaves the account as it was, and pools as they were',
    async (stopBefore) => {
      const { address, options, aborting, shares, old, two } = await twoHolders(chain)
      const store = createMemoryStore()
      await store.enrollKeys(
        address,
        [2, 3].map((keyIndex) => ({ keyIndex, sequenceNumber: 0n })),
      )
      const pools = [{ store }]
      await rotateKey({ ...options, pools, stopBefore })
      const report = await abortRotation({ ...aborting, pools })
      expect(report).toMatchObject({ state: 'aborted' })
      expect(await abortRotation({ ...aborting, pools })).toEqual(report)
      expect(await shares()).toEqual(untouched)
      const free = (await store.listKeys(address)).filter(({ state }) => state === 'free')
      expect(free.map(({ keyIndex }) => keyIndex)).toEqual([2, 3])
      expect(await send(chain, address, old, two)).toBe('')
      // And then it goes forward, with the same new key.
      expect(await rotateKey({ ...options, pools })).toMatchObject({ state: 'done' })
      expect(await shares()).toEqual(rotated)
    },
  )

  it('makes a swap that was sent to nobody impossible, and without the vault of the new key waits', async () => {
    const { address, options, resuming, aborting, shares } = await twoHolders(chain)
    await rotateKey({ ...options, stopBefore: 'swap' })
    await using proxy = await startFaultProxy({ target: chain.url })
    proxy.setFault(({ method }) => (method === 'POST' ? { kind: 'reset-before' } : undefined))
    const accessNode = { url: proxy.url, timeoutMs: 500 }
    await expect(resumeRotation({ ...resuming, accessNode, timeoutMs: 500 })).rejects.toEqual(
      refusal('ROTATION_UNSETTLED', { purpose: 'swap' }),
    )
    const { vault: _, ...without } = aborting
    await expect(abortRotation(without)).rejects.toEqual(
      refusal('ROTATION_UNSETTLED', { purpose: 'swap' }),
    )
    const swap = (await options.rotations.read(address))?.pending
    expect(await abortRotation(aborting)).toMatchObject({ state: 'aborted' })
    expect(swap).toMatchObject({ purpose: 'swap', state: 'sent' })
    expect(await shares()).toEqual(untouched)
  })

  it('finds that it is too late when the swap was executed and nobody was told', async () => {
    const { options, resuming, aborting, shares } = await twoHolders(chain)
    await rotateKey({ ...options, stopBefore: 'swap' })
    await using proxy = await startFaultProxy({ target: chain.url })
    let sent = false
    proxy.setFault(({ method, path }) => {
      if (sent) return { kind: 'reset-before' }
      sent = method === 'POST' && path === '/v1/transactions'
      return sent ? { kind: 'lose-reply' } : undefined
    })
    const accessNode = { url: proxy.url, timeoutMs: 500 }
    await expect(resumeRotation({ ...resuming, accessNode, timeoutMs: 500 })).rejects.toEqual(
      refusal('ROTATION_UNSETTLED'),
    )
    await expect(abortRotation(aborting)).rejects.toEqual(refusal('ROTATION_TOO_LATE'))
    expect(await resumeRotation(resuming)).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
  })

  it('is killed at any moment of going back, and goes on with that', async () => {
    for (const at of [1, 2, 3, 4]) {
      const { options, resuming, aborting, shares } = await twoHolders(chain)
      await rotateKey({ ...options, stopBefore: 'swap' })
      let calls = 0
      const rotations = {
        ...options.rotations,
        async replace(...given: Parameters<typeof options.rotations.replace>) {
          calls += 1
          const stored = await options.rotations.replace(...given)
          if (calls === at) throw new Error('killed')
          return stored
        },
      }
      await expect(abortRotation({ ...aborting, rotations })).rejects.toThrow('killed')
      expect(await resumeRotation(resuming)).toMatchObject({ state: 'aborted' })
      expect(await shares()).toEqual(untouched)
    }
  })
})

describe('an emergency', () => {
  it('cuts the key off first, by the others alone, where they reach the weight', async () => {
    const [bad, two, three] = [software(), software(), software()]
    const keys = [
      { signer: bad, weight: 500 },
      { signer: two, weight: 500 },
      { signer: three, weight: 500 },
      { signer: bad, weight: 0 },
    ]
    const { address, options, resuming, aborting, shares } = await rotatedAccount(chain, keys)
    const asked: string[] = []
    const spied = {
      ...bad,
      sign: (request: Parameters<typeof bad.sign>[0]) => {
        asked.push('the old key')
        return bad.sign(request)
      },
    }
    const authorizer = holding(chain, spied, two, three)
    const emergency = { ...options, authorizer, emergency: true }
    const report = await rotateKey({ ...emergency, stopBefore: 'create' })
    expect(report.plan).toMatchObject({ mode: 'cut', emergency: true, othersWeight: 1000 })
    expect(await shares()).toEqual({
      old: { weight: 0, copies: 0 },
      fresh: { weight: 0, copies: 0 },
    })
    await expect(abortRotation(aborting)).rejects.toEqual(refusal('ROTATION_TOO_LATE'))
    expect(await send(chain, address, two, three)).toBe('')
    expect(await resumeRotation({ ...resuming, authorizer })).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual({
      old: { weight: 0, copies: 0 },
      fresh: { weight: 500, copies: 1 },
    })
    expect(asked).toEqual([])
  })

  it('swaps at once where nothing goes without the key, and waits for nobody in flight', async () => {
    const { address, options, shares } = await twoHolders(chain)
    const store = createMemoryStore()
    await store.enrollKeys(
      address,
      [2, 3].map((keyIndex) => ({ keyIndex, sequenceNumber: 0n })),
    )
    const [lease] = await store.leaseKeys({ address, count: 1, holder: 'x', leaseMs: 600_000 })
    if (lease === undefined) throw new Error('no lease')
    const flight = { transactionId: '0'.repeat(64), referenceBlockId: '0'.repeat(64) }
    await store.commitLeases([{ ...lease, ...flight, leaseMs: 600_000 }])
    const report = await rotateKey({ ...options, pools: [{ store }], emergency: true })
    expect(report).toMatchObject({ state: 'done', plan: { mode: 'swap', emergency: true } })
    expect(report.plan.steps).toContain('hold')
    expect(report.plan.notes.join(' ')).not.toBe('')
    expect(await shares()).toEqual(rotated)
  })

  it('of another key makes a rotation give way that only waits for its old key', async () => {
    const { options, fresh, two, shares } = await twoHolders(chain)
    const retirement = {
      kind: 'test',
      reference: 'old',
      unused: async () => ({ unused: false, askAgainAt: 2_000, reason: 'It was used.' }) as const,
    }
    const first = await rotateKey({ ...options, retirement })
    expect(first).toMatchObject({
      state: 'waiting-until-unused',
      step: 'unused',
      askAgainAt: 2_000,
    })
    const other = { ...options, publicKey: await hexOf(two) }
    const third = software()
    const next = {
      ...other,
      authorizer: holding(chain, fresh, two),
      vault: signerVault(third),
      emergency: true,
    }
    await expect(rotateKey({ ...next, emergency: false })).rejects.toEqual(refusal('ROTATION_OPEN'))
    expect(await rotateKey(next)).toMatchObject({ state: 'done' })
    expect((await shares()).fresh.weight).toBe(500)
  })
})

it('tells the parts of a retirement in their order, each with when the key was revoked', async () => {
  const { options } = await twoHolders(chain)
  const told: string[] = []
  const part = (name: string) => async (given: object) => {
    told.push(`${name} ${Object.keys(given).sort().join(' ')}`)
    return { done: true, text: `${name} is done.` }
  }
  const report = await rotateKey({
    ...options,
    retirement: {
      kind: 'test',
      reference: 'old',
      tagAccount: part('tag'),
      moveAlias: part('alias'),
      disable: part('disable'),
      unused: async () => ({ unused: true, note: { done: true, text: 'Nobody used it.' } }),
      remove: part('remove'),
    },
  })
  expect(told).toEqual([
    'alias reference',
    'tag address chainId newKeyTagged newKeys newReference',
    'disable revokedAt',
    'remove revokedAt',
  ])
  expect(report.history.at(-2)).toMatchObject({ step: 'delete', text: 'remove is done.' })
})

it('needs no signature of a key that is lost where the others reach the weight', async () => {
  const [lost, two, three] = [software(), software(), software()]
  const keys = [
    { signer: lost, weight: 400 },
    { signer: two, weight: 500 },
    { signer: three, weight: 500 },
  ]
  const { address, options, shares, fresh } = await rotatedAccount(chain, keys, [two, three])
  expect(await rotateKey(options)).toMatchObject({ state: 'done' })
  expect((await shares()).fresh).toEqual({ weight: 400, copies: 1 })
  expect(await send(chain, address, fresh, two, three)).toBe('')
})
