import { bytesToHex } from '../../../src/crypto/hex.ts'
import {
  encodeTransaction,
  type Transaction,
  transactionId,
} from '../../../src/crypto/transaction.ts'
import { readBlockResults } from '../../../src/flow/block-results.ts'
import { createInquiry, type Inquiry } from '../../../src/relay/inquiry.ts'
import type { AttemptRow } from '../../../src/stores/store.ts'
import { type Decide, type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { type SimulatedNode, startSimulatedNode } from '../../support/simulated-node.ts'
import { address, outcomeOf } from './attempts.ts'

const EXPIRY = 20
const script = 'access(all) fun main(ids: [String]): [UInt64?] { return [] }'

let node: SimulatedNode
let proxies: readonly FaultProxy[]
let fulfilled: ReadonlySet<string>
let attempt: AttemptRow
let transaction: Transaction
let inquiry: Inquiry

/** @returns The block that it refers to, by its height. */
function transactionAt(height: number, change: Partial<Transaction> = {}): Transaction {
  return {
    cadence: 'transaction(id: String) {}',
    arguments: ['{"type":"String","value":"a"}'],
    referenceBlockId: new Uint8Array(Buffer.from(node.chain.block(height)?.id ?? '', 'hex')),
    computeLimit: 100,
    proposalKey: { address, keyIndex: 1, sequenceNumber: 0n },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: [{ address, keyIndex: 0, signature: new Uint8Array(64) }],
    ...change,
  }
}

const rowOf = (one: Transaction, referenceHeight: number): AttemptRow => ({
  transactionId: transactionId(one),
  address,
  keyIndex: 1,
  sequenceNumber: 0n,
  fence: 1,
  transaction: encodeTransaction(one),
  referenceHeight,
  jobIds: ['a'],
  blockHeight: null,
})

const inquiryOf = (count: number) => {
  const nodes = proxies.slice(0, count).map(({ url }) => ({ url, timeoutMs: 2_000 }))
  const [first, ...others] = nodes
  if (first === undefined) throw new RangeError('no node')
  return createInquiry({
    address,
    requestScript: script,
    signal: new AbortController().signal,
    // What the inquiry asks the follower for is which nodes there are.
    follower: { node: () => first, others: () => others } as unknown as Parameters<
      typeof createInquiry
    >[0]['follower'],
  })
}

beforeEach(async () => {
  fulfilled = new Set()
  node = await startSimulatedNode({
    account: { address: address.slice(2), publicKey: 'ab'.repeat(64), copies: 1 },
    blockMs: 0,
    expiry: EXPIRY,
    executionDelayBlocks: 0,
    sealDelayBlocks: 0,
    // One argument, the ids, as JSON-Cadence.
    script: (_, [ids]) => ({
      type: 'Array',
      value: (ids as { value: readonly { value: string }[] }).value.map(({ value }) => ({
        type: 'Optional',
        value: fulfilled.has(value) ? { type: 'UInt64', value: '1' } : null,
      })),
    }),
  })
  proxies = await Promise.all([1, 2, 3].map(() => startFaultProxy({ target: node.url })))
  node.chain.mine({ count: 10 })
  transaction = transactionAt(10)
  attempt = rowOf(transaction, 10)
  inquiry = inquiryOf(2)
})

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  await node[Symbol.asyncDispose]()
})

/** What this node says, and no other. */
const fault = (index: number, decide: Decide) => proxies[index]?.setFault(decide)
const rewriting =
  (part: string, fn: (body: string) => string): Decide =>
  ({ path }) =>
    path.includes(part) ? { kind: 'rewrite', fn } : undefined
const refusing =
  (part: string): Decide =>
  ({ path }) =>
    path.includes(part)
      ? { kind: 'status', status: 404, body: '{"code":404,"message":"no"}' }
      : undefined
const down: Decide = () => ({ kind: 'reset-before' })

const unseen = () =>
  inquiry.unseen({
    attempt,
    referenceBlockId: bytesToHex(transaction.referenceBlockId),
    transactionExpiry: EXPIRY,
    sealedHeight: node.chain.heights().sealed,
    mayBeGone: false,
  })

describe('what became of a transaction that no block is known to have', () => {
  beforeEach(() => {
    node.chain.mine({ count: EXPIRY + 40 })
  })

  const key = { sequenceNumber: 0n, revoked: false }
  it('is never, where both nodes say so', async () => {
    expect(await unseen()).toEqual({ kind: 'never', facts: { key, referenceGone: false } })
  })

  it('is open, where the reference block is not so old as was stored', async () => {
    const height = node.chain.heights().final
    transaction = transactionAt(height)
    attempt = rowOf(transaction, 10) // a first node that lied told a lower height
    expect(await unseen()).toEqual({ kind: 'open', referenceHeight: height })
  })

  it.each([0, 1])(
    'is not said where node %i alone tells a lower reference block',
    async (index) => {
      transaction = transactionAt(node.chain.heights().final)
      attempt = rowOf(transaction, 10)
      const id = bytesToHex(transaction.referenceBlockId)
      fault(
        index,
        rewriting(`/blocks/${id}`, (body) => body.replace(/"height":"\d+"/, '"height":"10"')),
      )
      expect(await unseen()).toEqual({ kind: 'differ', about: expect.any(String) })
    },
  )

  it.each([0, 1])('is not said where node %i alone tells a higher chain', async (index) => {
    const height = node.chain.heights().final
    transaction = transactionAt(height)
    attempt = rowOf(transaction, height)
    fault(
      index,
      rewriting('height=sealed', (body) => body.replace(/"height":"\d+"/, '"height":"5000"')),
    )
    expect(await unseen()).toMatchObject({ kind: 'open' })
  })

  it.each([0, 1])('is not said where node %i alone has another number', async (index) => {
    fault(
      index,
      rewriting('/keys/1', (body) =>
        body.replace('"sequence_number":"0"', '"sequence_number":"1"'),
      ),
    )
    expect(await unseen()).toEqual({ kind: 'differ', about: expect.any(String) })
  })

  it('is executed, where one of them has it', async () => {
    node.chain.intrude(transaction)
    node.chain.mine()
    fault(0, refusing('/transaction_results/'))
    expect(await unseen()).toEqual({ kind: 'executed' })
  })

  it('takes the word of a third node where the second is down', async () => {
    inquiry = inquiryOf(3)
    fault(1, down)
    expect(await unseen()).toMatchObject({ kind: 'never' })
  })

  it('does not take for gone what a node that lags does not have yet', async () => {
    const lagging: Decide = (request) =>
      refusing('/blocks/')(request) ??
      rewriting('height=sealed', (body) => body.replace(/"height":"\d+"/, '"height":"9"'))(request)
    fault(1, lagging)
    await expect(unseen()).rejects.toMatchObject({ code: 'NODES_CANNOT_TELL' })
  })

  it('tells that too few nodes can tell', async () => {
    fault(1, down)
    await expect(unseen()).rejects.toMatchObject({
      code: 'NODES_CANNOT_TELL',
      disposition: 'retry',
      context: { asked: 2, needed: 2 },
    })
  })
})

describe('a sealed outcome', () => {
  const outcome = async () => {
    node.chain.intrude(transaction)
    node.chain.mine()
    const block = await readBlockResults(
      { url: node.url, timeoutMs: ANSWERS_MS },
      node.chain.heights().sealed,
    )
    const found = block?.results.get(attempt.transactionId)
    if (found === undefined) throw new RangeError('it is in no block')
    return found
  }
  const toldBy = () => ({ url: proxies[0]?.url ?? '', timeoutMs: ANSWERS_MS })
  const failing = (body: string) =>
    body.replace('"error_message":""', '"error_message":"[Error Code: 1101] no"')

  it('is confirmed by another node', async () => {
    expect(await inquiry.confirm(toldBy(), await outcome())).toBe(true)
  })

  it('is confirmed by a node that serves no results by block', async () => {
    fault(1, refusing('block_height='))
    expect(await inquiry.confirm(toldBy(), await outcome())).toBe(true)
  })

  it('needs nobody where there is one node', async () => {
    inquiry = inquiryOf(1)
    expect(await inquiry.confirm(toldBy(), await outcome())).toBe(true)
  })

  it('is confirmed by the third where the second is down', async () => {
    inquiry = inquiryOf(3)
    fault(1, down)
    expect(await inquiry.confirm(toldBy(), await outcome())).toBe(true)
  })

  it('is not confirmed where the other says that it failed', async () => {
    fault(1, rewriting('/transaction_results', failing))
    expect(await inquiry.confirm(toldBy(), await outcome())).toBe(false)
  })

  it('is not confirmed where the block of the other is sealed without it', async () => {
    fault(1, ({ path }) =>
      path.includes('/transaction_results/')
        ? { kind: 'status', status: 404, body: '{}' }
        : path.includes('/transaction_results')
          ? { kind: 'body', body: '[]' }
          : undefined,
    )
    expect(await inquiry.confirm(toldBy(), await outcome())).toBe(false)
  })

  it('is not confirmed where the other has other transactions in that block', async () => {
    node.chain.intrude(transactionAt(10, { computeLimit: 7 }))
    const told = await outcome()
    fault(1, (request) =>
      request.path.includes('/transaction_results?')
        ? {
            kind: 'rewrite',
            fn: (body) =>
              JSON.stringify(
                JSON.parse(body).filter(
                  (one: object) => !JSON.stringify(one).includes(told.transactionId),
                ),
              ),
          }
        : refusing('/transaction_results/')(request),
    )
    expect(await inquiry.confirm(toldBy(), told)).toBe(false)
  })

  it('is not confirmed where the other has it in another block', async () => {
    const told = await outcome()
    fault(
      1,
      rewriting('/transaction_results', (body) => body.replaceAll(told.blockId, 'ef'.repeat(32))),
    )
    expect(await inquiry.confirm(toldBy(), told)).toBe(false)
  })

  it('waits for a node that has it executed and not sealed', async () => {
    const told = await outcome()
    fault(
      1,
      rewriting('/transaction_results', (body) => body.replaceAll('"Sealed"', '"Executed"')),
    )
    await expect(inquiry.confirm(toldBy(), told)).rejects.toMatchObject({
      code: 'NODES_CANNOT_TELL',
    })
  })

  it('waits for a node that does not know it yet', async () => {
    fault(1, refusing('/transaction_results'))
    await expect(inquiry.confirm(toldBy(), await outcome())).rejects.toMatchObject({
      code: 'NODES_CANNOT_TELL',
    })
  })
})

describe('what used a sequence number', () => {
  const uses = (one: Transaction) => {
    node.chain.intrude(one)
    node.chain.mine({ count: 3 })
  }
  const complete = () => {
    const sealed = node.chain.heights().sealed
    const key = { sequenceNumber: 1n, revoked: false }
    return inquiry.complete(attempt, { seen: 'never', key, fulfilled: null }, sealed)
  }
  const stranger = () => transactionAt(10, { cadence: 'transaction {}', arguments: [] })
  const copy = () =>
    transactionAt(10, {
      envelopeSignatures: [{ address, keyIndex: 0, signature: new Uint8Array(64).fill(1) }],
    })

  it('is a copy of ours only where every byte of the payload is the same', async () => {
    uses(copy())
    const outcome = expect.objectContaining({ verdict: 'success' })
    expect(await complete()).toMatchObject({ value: { use: { kind: 'copy', outcome } } })
  })

  it.each<[string, Partial<Transaction>]>([
    ['another argument', { arguments: ['{"type":"String","value":"b"}'] }],
    ['another script', { cadence: 'transaction(id: String) { }' }],
    ['another compute limit', { computeLimit: 101 }],
    ['no authorizer', { authorizers: [] }],
  ])('is a stranger with %s', async (_, change) => {
    uses(transactionAt(10, change))
    expect(await complete()).toMatchObject({ value: { use: { kind: 'foreign' } } })
  })

  it.each([5, 12])(
    'is looked for from where its reference block stands, not %i as was stored',
    async (told) => {
      uses(copy())
      attempt = rowOf(transaction, told)
      expect(await complete()).toMatchObject({ value: { use: { kind: 'copy' } } })
    },
  )

  it.each([0, 1])(
    'is not looked for where node %i alone tells another reference block',
    async (index) => {
      uses(copy())
      const id = bytesToHex(transaction.referenceBlockId)
      fault(
        index,
        rewriting(`/blocks/${id}`, (body) => body.replace(/"height":"\d+"/, '"height":"12"')),
      )
      expect(await complete()).toEqual({ differ: expect.any(String) })
    },
  )

  it('is none of this chain where no node has its reference block', async () => {
    uses(stranger())
    const id = bytesToHex(transaction.referenceBlockId)
    for (const index of [0, 1]) fault(index, refusing(`/blocks/${id}`))
    expect(await complete()).toMatchObject({
      value: { use: { kind: 'foreign', transactionId: null } },
    })
  })

  it('is asked of a third node where the second lists no blocks', async () => {
    inquiry = inquiryOf(3)
    uses(copy())
    fault(1, refusing('/transactions?'))
    expect(await complete()).toMatchObject({ value: { use: { kind: 'copy' } } })
  })

  it('is a stranger of a block before ours could stand, which need not be found', async () => {
    node.chain.intrude(transactionAt(9, { arguments: [] }))
    node.chain.mine({ count: 2 })
    transaction = transactionAt(12)
    attempt = rowOf(transaction, 12)
    for (const index of [0, 1]) fault(index, refusing('/transactions?'))
    expect(await complete()).toMatchObject({
      value: { use: { kind: 'foreign', transactionId: null } },
    })
  })

  it('is not what was in a block with the same number and did not spend it', async () => {
    const second = { proposalKey: { address, keyIndex: 1, sequenceNumber: 1n } }
    attempt = { ...rowOf(transactionAt(10, second), 10), sequenceNumber: 1n }
    uses(transactionAt(10, { ...second, computeLimit: 7 })) // too early: 1007
    uses(stranger()) // the number before
    const signature = { address, keyIndex: 0, signature: new Uint8Array(64).fill(1) }
    uses(transactionAt(10, { ...second, envelopeSignatures: [signature] }))
    const key = { sequenceNumber: 2n, revoked: false }
    const facts = { seen: 'never', key, fulfilled: null } as const
    const word = await inquiry.complete(attempt, facts, node.chain.heights().sealed)
    expect(word).toMatchObject({ value: { use: { kind: 'copy' } } })
  })

  it.each([0, 1])('is not asked for where node %i alone has another number', async (index) => {
    fault(
      index,
      rewriting('/keys/1', (body) =>
        body.replace('"sequence_number":"0"', '"sequence_number":"1"'),
      ),
    )
    const outcome = outcomeOf('sequence', [1007])
    const word = inquiry.complete(
      attempt,
      { seen: 'sealed', outcome: { ...outcome, height: 10 } },
      10,
    )
    expect(await word).toEqual({ differ: expect.any(String) })
  })

  it('is not believed where one node alone has found it', async () => {
    uses(stranger())
    fault(1, ({ path }) =>
      path.includes('/transactions?') ? { kind: 'body', body: '[]' } : undefined,
    )
    expect(await complete()).toEqual({ differ: expect.any(String) })
  })

  it('is not known where the other node lists no blocks', async () => {
    uses(stranger())
    fault(1, refusing('/transactions?'))
    expect(await complete()).toMatchObject({ value: { use: { kind: 'unknown' } } })
  })

  it('is not known where no node lists blocks', async () => {
    uses(stranger())
    for (const index of [0, 1]) fault(index, refusing('/transactions?'))
    expect(await complete()).toMatchObject({ value: { use: { kind: 'unknown' } } })
  })
})

describe('what the contract has fulfilled', () => {
  const complete = () =>
    inquiry.complete(attempt, { seen: 'never', key: { sequenceNumber: 0n, revoked: false } }, 10)

  it('is the word of both', async () => {
    fulfilled = new Set(['a'])
    expect(await complete()).toMatchObject({ value: { fulfilled: new Set(['a']) } })
  })

  it.each([0, 1])('is not believed where node %i alone says otherwise', async (index) => {
    const value = [{ type: 'Optional', value: { type: 'UInt64', value: '1' } }]
    const told = Buffer.from(JSON.stringify({ type: 'Array', value })).toString('base64')
    fault(index, ({ path }) =>
      path.includes('/scripts') ? { kind: 'body', body: JSON.stringify(told) } : undefined,
    )
    expect(await complete()).toEqual({ differ: expect.any(String) })
  })

  it('cannot be known of jobs whose id is no argument', async () => {
    transaction = transactionAt(10, { arguments: [] })
    attempt = rowOf(transaction, 10)
    expect(await complete()).toMatchObject({ value: { fulfilled: null } })
  })
})
