/** Which transaction used the number of an attempt, and whether it is a copy of it. */
import {
  encodeTransaction,
  type Transaction,
  transactionId,
} from '../../../src/crypto/transaction.ts'
import { connectAccessNode } from '../../../src/flow/access-node.ts'
import { findUse } from '../../../src/relay/fate.ts'
import type { AttemptRow } from '../../../src/stores/store.ts'
import { address, outsider, startPoolChain } from '../../support/pool-world.ts'
import type { SimulatedNode } from '../../support/simulated-node.ts'
import { until } from '../../support/until.ts'

const signed = (transaction: Transaction, fill: number): Transaction => ({
  ...transaction,
  envelopeSignatures: [{ address, keyIndex: 0, signature: new Uint8Array(64).fill(fill) }],
})

function attemptOf(transaction: Transaction): AttemptRow {
  return {
    transactionId: transactionId(transaction),
    address,
    keyIndex: 1,
    sequenceNumber: 0n,
    fence: 1,
    transaction: encodeTransaction(transaction),
    referenceHeight: 1,
    jobIds: ['job'],
    blockHeight: null,
  }
}

/** Puts these into blocks, each into one of its own, and asks who used the number of ours. */
async function findAfter(
  node: SimulatedNode,
  ours: Transaction,
  included: readonly Transaction[],
): ReturnType<typeof findUse> {
  for (const one of included) {
    node.chain.intrude(one)
    node.chain.mine()
  }
  const to = node.chain.heights().final
  await until(() => node.chain.heights().sealed >= to)
  const signal = AbortSignal.timeout(10_000)
  return findUse(connectAccessNode(node.url), attemptOf(ours), { from: 1, to }, { signal })
}

/** One field after the other: each makes another payload of it. */
const changes: readonly [string, Partial<Transaction>][] = [
  ['script', { cadence: 'another' }],
  ['argument', { arguments: ['{"type":"String","value":"other"}'] }],
  ['reference block', { referenceBlockId: new Uint8Array(32).fill(3) }],
  ['compute limit', { computeLimit: 2 }],
  ['payer', { payer: '0x01cf0e2f2f715450' }],
  ['authorizer', { authorizers: ['0x01cf0e2f2f715450'] }],
]

describe('findUse', () => {
  it('takes our payload under other signatures for a copy', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const ours = signed(outsider(node, 1), 1)
    const copy = signed(ours, 2)
    const found = await findAfter(node, ours, [copy])
    expect(found).toMatchObject({
      use: { kind: 'copy', outcome: { transactionId: transactionId(copy), verdict: 'success' } },
    })
  })

  it.each(changes)(
    'takes another %s under the same number for a foreign one',
    async (_, change) => {
      await using node = await startPoolChain({ copies: 1 })
      const ours = signed(outsider(node, 1), 1)
      const foreign = signed({ ...ours, ...change }, 1)
      const found = await findAfter(node, ours, [foreign])
      expect(found).toMatchObject({
        use: { kind: 'foreign', transactionId: transactionId(foreign) },
      })
    },
  )

  it('passes over a copy that came too late for the number', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const ours = signed(outsider(node, 1), 1)
    const foreign = { ...ours, cadence: 'another' }
    const found = await findAfter(node, ours, [foreign, signed(ours, 2)])
    expect(found).toMatchObject({
      use: { kind: 'foreign', transactionId: transactionId(foreign) },
    })
  })

  it('finds nothing where nobody used the number', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const ours = signed(outsider(node, 1), 1)
    expect(await findAfter(node, ours, [])).toBe('none')
  })
})
