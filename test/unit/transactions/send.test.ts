import { transactionId } from '../../../src/crypto/transaction.ts'
import { approveTransaction, sendTransaction } from '../../../src/transactions/index.ts'
import { nodeRefusal, nothingProved, sealed } from '../provisioning/node-endpoint.ts'
import { address, startWorld } from './world.ts'

const posts = (calls: readonly string[]) => calls.filter((name) => name === 'POST transactions')

/** Sent, and sealed from then on. */
function sealOnPost(node: Awaited<ReturnType<typeof startWorld>>['node']) {
  node.onCall = (name) => {
    if (name === 'POST transactions') node.result = sealed([])
  }
}

describe('sendTransaction', () => {
  it('sends once and waits for the seal; the second time it only looks', async () => {
    await using world = await startWorld()
    const { node, accessNode } = world
    const transaction = await world.signed()
    sealOnPost(node)
    const id = transactionId(transaction)
    expect(await sendTransaction({ accessNode, transaction })).toEqual({
      transactionId: id,
      events: [],
    })
    node.numberAt = () => '8'
    expect((await sendTransaction({ accessNode, transaction })).transactionId).toBe(id)
    expect(posts(node.calls)).toHaveLength(1)
  })

  it('sends nothing while a signature is missing', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const half = { ...transaction, envelopeSignatures: transaction.envelopeSignatures.slice(1) }
    await expect(
      sendTransaction({ accessNode: world.accessNode, transaction: half }),
    ).rejects.toMatchObject({
      code: 'SIGNATURES_MISSING',
      context: {
        missing: `${address} (proposer, payer, authorizer): weight 500 of 1000, proposal key 0`,
      },
    })
    expect(posts(world.node.calls)).toEqual([])
  })

  it('sends nothing whose reference block is too old, or not known', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode, node } = world
    node.latestHeight = 9 + 600
    const review = await approveTransaction({ accessNode, transaction })
    expect(review.expiry).toEqual({ referenceHeight: 9, latestHeight: 609, blocksLeft: 0 })
    node.latestHeight = 9 + 601
    await expect(sendTransaction({ accessNode, transaction })).rejects.toMatchObject({
      code: 'TRANSACTION_EXPIRED',
      context: { transactionId: transactionId(transaction) },
    })
    const elsewhere = { ...transaction, referenceBlockId: new Uint8Array(32).fill(7) }
    await expect(sendTransaction({ accessNode, transaction: elsewhere })).rejects.toMatchObject({
      code: 'REFERENCE_BLOCK_UNKNOWN',
      context: { blockId: '07'.repeat(32) },
    })
    expect(posts(node.calls)).toEqual([])
    node.latestHeight = 9 + 600 // the last block that can take it
    sealOnPost(node)
    await expect(sendTransaction({ accessNode, transaction })).resolves.toBeDefined()
  })

  it('counts no block of a node that lags behind the one that prepared it', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    world.node.latestHeight = 5
    const { expiry } = await approveTransaction({ accessNode: world.accessNode, transaction })
    expect(expiry).toEqual({ referenceHeight: 9, latestHeight: 9, blocksLeft: 570 })
  })

  it('looks who used the number when it was used just before the block', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode, node } = world
    node.onCall = (name) => {
      if (name !== 'POST transactions') return
      node.result = sealed([], '[Error Code: 1007] invalid proposal key')
    }
    await expect(sendTransaction({ accessNode, transaction })).rejects.toMatchObject({
      code: 'SEQUENCE_NUMBER_MISMATCH',
      context: { given: '7', onChain: '8', executedAs: 'another transaction' },
    })
  })

  it('sends nothing whose sequence number is used, or not due yet', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode, node } = world
    for (const [onChain, executedAs] of [
      ['8', 'another transaction'],
      ['6', 'nothing yet'],
    ] as const) {
      node.numberAt = () => onChain
      await expect(sendTransaction({ accessNode, transaction })).rejects.toMatchObject({
        code: 'SEQUENCE_NUMBER_MISMATCH',
        context: { address, keyIndex: 0, given: '7', onChain, executedAs },
      })
    }
    expect(posts(node.calls)).toEqual([])
  })

  it.each(nothingProved)(
    'does not know after %i, %s, and tells the id',
    async (status, message) => {
      await using world = await startWorld()
      const transaction = await world.signed()
      world.node.post = { status, body: { code: status, message } }
      await expect(
        sendTransaction({ accessNode: world.accessNode, transaction, timeoutMs: 1 }),
      ).rejects.toMatchObject({
        code: 'TRANSACTION_UNSETTLED',
        context: { transactionId: transactionId(transaction) },
      })
      expect(posts(world.node.calls)).toHaveLength(1)
    },
  )

  it('finds that a lost reply was no lost transaction', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    world.node.post = { status: 503, body: { code: 503, message: 'gateway' } }
    sealOnPost(world.node)
    const sent = await sendTransaction({ accessNode: world.accessNode, transaction })
    expect(sent.transactionId).toBe(transactionId(transaction))
  })

  it.each([
    nodeRefusal,
    'Invalid Flow argument: invalid transaction: transaction is expired: ref_height=9 final_height=580',
  ])('says that the node did not take it after “%s”', async (message) => {
    await using world = await startWorld()
    const transaction = await world.signed()
    world.node.post = { status: 400, body: { code: 400, message } }
    // No more than that: sent before, it may still come into one of the last blocks that can take it.
    await expect(
      sendTransaction({ accessNode: world.accessNode, transaction }),
    ).rejects.toMatchObject({ code: 'ACCESS_NODE_REFUSED', context: { reason: message } })
  })

  it('waits for a transaction that somebody else has sent between two looks', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode, node } = world
    node.numberAt = () => '8'
    node.onCall = (name) => {
      if (name === 'GET accounts') node.result = sealed([])
    }
    const sent = await sendTransaction({ accessNode, transaction })
    expect(sent.transactionId).toBe(transactionId(transaction))
    expect(posts(node.calls)).toEqual([])
  })

  it('tells how a transaction ended that failed, or that no block took', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode, node } = world
    node.result = sealed([], '[Error Code: 1101] error caused by: 1 error occurred: panic')
    await expect(sendTransaction({ accessNode, transaction })).rejects.toMatchObject({
      code: 'TRANSACTION_FAILED',
      context: { errorCodes: [1101] },
    })
    node.result = { body: { ...sealed([]).body, status: 'Expired' } }
    await expect(sendTransaction({ accessNode, transaction })).rejects.toMatchObject({
      code: 'TRANSACTION_EXPIRED',
    })
    expect(posts(node.calls)).toEqual([])
  })

  it('tells the id when it is given up after it was sent, and its reason before', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode, node } = world
    const controller = new AbortController()
    const { signal } = controller
    node.onCall = (name) => name === 'POST transactions' && controller.abort(new Error('stop'))
    await expect(sendTransaction({ accessNode, transaction, signal })).rejects.toMatchObject({
      code: 'TRANSACTION_UNSETTLED',
      context: { transactionId: transactionId(transaction) },
    })
    await expect(sendTransaction({ accessNode, transaction, signal })).rejects.toThrow('stop')
    expect(posts(node.calls)).toHaveLength(1)
  })

  it('refuses another chain, and options that are none', async () => {
    await using world = await startWorld()
    const transaction = await world.signed()
    const { accessNode } = world
    const other = { accessNode, transaction, chainId: 'flow-mainnet' }
    await expect(sendTransaction(other)).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
    for (const wrong of [{ timeoutMs: 0 }, { wait: true }, { signal: 5 }, { chainId: 5 }])
      await expect(
        // As JavaScript would call it, past the types.
        sendTransaction({ accessNode, transaction, ...(wrong as object) }),
      ).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
