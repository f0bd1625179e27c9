import { type Transaction, transactionId } from '../../../src/crypto/transaction.ts'
import { prepareTransaction as restOf } from '../../../src/flow/post-transaction.ts'
import { findExecuted } from '../../../src/transactions/executed.ts'
import { sampleTransaction } from '../crypto/transactions.ts'
import { startHttp } from '../provisioning/http-fake.ts'

const ID = 'a'.repeat(64)
const expiry = { referenceHeight: 9, latestHeight: 12, blocksLeft: 567 }
const copyOf = (fill: number): Transaction => ({
  ...sampleTransaction,
  envelopeSignatures: sampleTransaction.envelopeSignatures.map((one) => ({
    ...one,
    signature: new Uint8Array(64).fill(fill),
  })),
})
const block = { id: ID, parent_id: ID, height: '12', timestamp: '2026-01-01T00:00:00Z' }

/** A chain of blocks up to 12, with what their transactions ended with. */
async function chainOf(
  blocks: Readonly<Record<number, readonly (readonly [Transaction, string])[]>>,
) {
  const errors = new Map(
    Object.values(blocks)
      .flat()
      .map(([transaction, error]) => [transactionId(transaction), error]),
  )
  const server = await startHttp(({ url = '' }) => {
    if (url.includes('/blocks')) return { body: [{ header: block }] }
    const [, height] = /transactions\?block_height=(\d+)/.exec(url) ?? []
    if (height !== undefined)
      return {
        body: (blocks[Number(height)] ?? []).map(([transaction]) => ({
          id: transactionId(transaction),
          ...JSON.parse(restOf(transaction).body),
        })),
      }
    const error = errors.get(url.split('/').at(-1) ?? '') ?? 'unknown'
    return {
      body: {
        block_id: ID,
        status: error === 'pending' ? 'Pending' : 'Sealed',
        status_code: error === '' ? 0 : 1,
        error_message: error,
        computation_used: '0',
        events: [],
      },
    }
  })
  return Object.assign(server, { node: { url: server.url, timeoutMs: 2_000 } })
}

const used = '[Error Code: 1007] invalid proposal key'

describe('who used the sequence number', () => {
  it('is the copy of the payload that was executed, not one that came too late', async () => {
    const [late, first] = [copyOf(1), copyOf(2)]
    await using chain = await chainOf({ 10: [[late, used]], 11: [[first, '']] })
    expect(await findExecuted(chain.node, copyOf(3), expiry)).toBe(transactionId(first))
  })

  it('is a copy that failed in Cadence', async () => {
    const failed = copyOf(1)
    await using chain = await chainOf({ 12: [[failed, '[Error Code: 1101] error caused by: x']] })
    expect(await findExecuted(chain.node, copyOf(3), expiry)).toBe(transactionId(failed))
  })

  it('is not known while the result of a copy is not there', async () => {
    await using chain = await chainOf({ 10: [[copyOf(1), 'pending']] })
    expect(await findExecuted(chain.node, copyOf(3), expiry)).toBe('not known')
  })

  it('is not known when the node does not tell, or not in time', async () => {
    const node = { url: 'http://127.0.0.1:9', timeoutMs: 20 }
    expect(await findExecuted(node, copyOf(3), expiry)).toBe('not known')
    await using silent = await startHttp(() => 'hang')
    const hanging = { url: silent.url, timeoutMs: 60_000 }
    expect(await findExecuted(hanging, copyOf(3), expiry, { timeoutMs: 20 })).toBe('not known')
    const signal = AbortSignal.abort(new Error('stop'))
    expect(await findExecuted(hanging, copyOf(3), expiry, { signal })).toBe('not known')
  })

  it('is another transaction when its payload is another', async () => {
    const other = { ...copyOf(1), arguments: ['{"type":"Int","value":"8"}'] }
    await using chain = await chainOf({ 10: [[other, '']], 11: [[copyOf(2), used]] })
    expect(await findExecuted(chain.node, copyOf(3), expiry)).toBe('another transaction')
  })
})
