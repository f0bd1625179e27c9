/** Following transactions by blocks, on real emulators. @module */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import {
  envelopeMessage,
  type Transaction,
  type TransactionPayload,
  transactionId,
} from '../../src/crypto/transaction.ts'
import { isSignerError } from '../../src/errors.ts'
import { connectAccessNode } from '../../src/flow/access-node.ts'
import { type BlockFollower, createBlockFollower } from '../../src/flow/block-follower.ts'
import type { Backwards } from '../../src/flow/block-head.ts'
import { readBlockResults } from '../../src/flow/block-results.ts'
import type { WatchEvent } from '../../src/flow/block-watch.ts'
import type { NodeConnection } from '../../src/flow/http.ts'
import { sendTransaction } from '../../src/flow/transactions.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'
import { startChain } from '../support/flow-chain.ts'

/** Passes requests on, counts those for reading, and can be pointed elsewhere. */
async function startProxy(target: string) {
  let url: string | undefined = target
  const gets: string[] = []
  const forward = async (path: string, method: string, body: string, response: ServerResponse) => {
    if (method === 'GET') gets.push(path)
    const init = method === 'GET' ? {} : { method, body }
    const reply = await fetch(`${url}${path}`, init).catch(() => undefined)
    if (reply === undefined) return response.destroy()
    response.statusCode = reply.status
    return response.end(await reply.text())
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => forward(request.url ?? '', request.method ?? '', body, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    gets,
    pointTo(next: string | undefined) {
      url = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })

async function signed(
  fields: Omit<TransactionPayload, 'proposalKey' | 'payer' | 'authorizers'>,
  address: string,
  keyIndex: number,
): Promise<Transaction> {
  const unsigned: Transaction = {
    ...fields,
    proposalKey: { address, keyIndex, sequenceNumber: 0n },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
  const message = envelopeMessage(unsigned)
  const signature = await signer.sign({ message, hashAlgorithm: 'SHA3_256' })
  return { ...unsigned, envelopeSignatures: [{ address, keyIndex, signature }] }
}

/** Watches from the given height on; resolves to what was told, once it is sealed. */
function sealing(follower: BlockFollower, id: string, fromHeight: number) {
  return new Promise<readonly WatchEvent[]>((resolve) => {
    const told: WatchEvent[] = []
    follower.watch({ transactionId: id, fromHeight }, (event) => {
      told.push(event)
      if (event.kind === 'sealed') resolve(told)
    })
  })
}

const backwards = (follower: BlockFollower) =>
  new Promise<Backwards>((resolve) => {
    follower.onBackwards(resolve)
  })

/** Resolves once all blocks from 1 up to this height are read. */
const reading = (follower: BlockFollower, height: number) =>
  new Promise<void>((resolve) => {
    const stop = follower.onBlock(() => {
      if (follower.stats().blocksRead < height) return
      stop()
      resolve()
    })
  })

/** Resolves once the chain has grown to this height. */
const growing = (follower: BlockFollower, height: number) =>
  new Promise<void>((resolve) => {
    const stop = follower.onBlock(({ finalizedHeight }) => {
      if (finalizedHeight < height) return
      stop()
      resolve()
    })
  })

/** A reply that is lost proves nothing: the same bytes again. */
async function deliver(node: NodeConnection, transaction: Transaction): Promise<void> {
  const isLost = (thrown: unknown) => isSignerError(thrown, 'TRANSACTION_UNSETTLED')
  for (let sent = false; !sent; )
    sent = await sendTransaction(node, transaction).then(
      () => true,
      (thrown: unknown) => {
        if (isLost(thrown)) return false
        throw thrown
      },
    )
}

const noSuch = 'ab'.repeat(32)

describe('the block follower', () => {
  it('follows 100 transactions in flight with less than 0.3 requests for each, or 3 for a block', async () => {
    await using chain = await startChain({ blockTimeMs: 250 })
    const keys = Array.from({ length: 103 }, () => ({ signer, weight: 1000 }))
    const address = await chain.createAccount(keys)
    await using proxy = await startProxy(chain.url)
    const node = connectAccessNode(proxy.url)
    const follower = createBlockFollower({ nodes: [node], webSocket: false })
    const { id: referenceBlockId, height } = await follower.wake()
    const fields = { arguments: [], referenceBlockId, computeLimit: 100 }
    const cadence = 'transaction { prepare(signer: &Account) {} }'
    const transactions = await Promise.all(
      Array.from({ length: 100 }, (_, index) => signed({ ...fields, cadence }, address, index)),
    )
    const [gets, { blocksRead }] = [proxy.gets.length, follower.stats()]
    const sealed = transactions.map((one) => sealing(follower, transactionId(one), height))
    await Promise.all(transactions.map((one) => deliver(node, one)))
    const told = await Promise.all(sealed)
    expect(told.map((events) => events.map(({ kind }) => kind))).toEqual(
      transactions.map(() => ['sealed']),
    )
    for (const [index, [event]] of told.entries())
      expect(event?.outcome).toMatchObject({
        transactionId: transactionId(
          transactions[index] ??
            (() => {
              throw new Error('none')
            })(),
        ),
        sealed: true,
        errorCodes: [],
        reason: '',
      })
    const used = proxy.gets.length - gets
    // Blocks come by the clock: where the machine has much to do, more of them until all is sealed.
    const blocks = follower.stats().blocksRead - blocksRead
    expect(used).toBeLessThanOrEqual(Math.max(30, 3 * blocks))
    expect(follower.stats()).toMatchObject({ requests: proxy.gets.length, watched: 0, retries: 0 })

    // A late watch is answered from what is remembered, by one more look at that block.
    const [event] = await sealing(follower, transactionId(transactions[7] ?? fail()), height)
    expect(event?.kind).toBe('sealed')

    const broken = [
      ['transaction { prepare(signer: &Account) { panic("no") } }', 100, [1101]],
      ['transaction { prepare(signer: &Account) { while true {} } }', 101, [1110]],
    ] as const
    for (const [source, keyIndex, codes] of broken) {
      const transaction = await signed({ ...fields, cadence: source }, address, keyIndex)
      const waiting = sealing(follower, transactionId(transaction), height)
      await deliver(node, transaction)
      const [failure] = await waiting
      expect(failure?.outcome.errorCodes).toEqual(expect.arrayContaining([...codes]))
      expect(failure?.outcome.reason).toContain(`[Error Code: ${codes[0]}]`)
    }
    follower.close()
  })

  it('tells an event of a watched transaction, decoded', async () => {
    await using chain = await startChain()
    const node = connectAccessNode(chain.url)
    const follower = createBlockFollower({ nodes: [node], pollMs: 50, webSocket: false })
    const { height } = await follower.wake()
    const { id } = await chain.send({
      cadence: 'transaction { prepare(signer: &Account) { Account(payer: signer) } }'.replace(
        '&',
        'auth(BorrowValue) &',
      ),
      authz: chain.service,
    })
    const [told] = await sealing(follower, id, height)
    const created = told?.outcome.events.find(({ type }) => type === 'flow.AccountCreated')
    expect(created?.payload).toMatchObject({ type: 'Event' })
    follower.close()
  })

  it('tells that the chain was rolled back, and goes on from what still stands', async () => {
    await using flow = await startEmulator({ blockTimeMs: 0 })
    await mine(flow, 8)
    const node = connectAccessNode(flow.url)
    const follower = createBlockFollower({ nodes: [node], pollMs: 20, webSocket: false })
    follower.watch({ transactionId: noSuch, fromHeight: 0 }, () => undefined)
    await reading(follower, 8)
    const told = backwards(follower)
    await rollBack(flow, 3)
    await mine(flow, 4)
    const { height, previousHeight, commonHeight } = await told
    expect({ previousHeight, commonHeight }).toEqual({ previousHeight: 8, commonHeight: 3 })
    expect(height).toBeGreaterThan(3)
    const grown = growing(follower, 12)
    await mine(flow, 5)
    await grown
    expect(follower.stats()).toMatchObject({ watched: 1, retries: 0 })
    follower.close()
  })

  it('tells that another chain answers in its place', async () => {
    await using first = await startEmulator({ blockTimeMs: 50 })
    await using proxy = await startProxy(first.url)
    const node = connectAccessNode(proxy.url)
    const follower = createBlockFollower({ nodes: [node], pollMs: 20, webSocket: false })
    follower.watch({ transactionId: noSuch, fromHeight: 0 }, () => undefined)
    await reading(follower, 20)
    proxy.pointTo(undefined)
    await first.stop()
    const told = backwards(follower)
    await using second = await startEmulator({ blockTimeMs: 50 })
    proxy.pointTo(second.url)
    const { previousHeight, height } = await told
    expect(previousHeight).toBeGreaterThanOrEqual(20)
    await growing(follower, height + 2)
    expect(follower.stats().retries).toBeGreaterThan(0)
    follower.close()
  })

  it('hears of blocks by WebSocket, and stops asking for them', async () => {
    await using flow = await startEmulator({ blockTimeMs: 100 })
    const nodes = [connectAccessNode(flow.url)] as const
    const follower = createBlockFollower({ nodes, pollMs: 20, webSocket: WebSocket })
    follower.watch({ transactionId: noSuch, fromHeight: 0 }, () => undefined)
    await reading(follower, 10)
    const { requests, blocksRead } = follower.stats()
    await reading(follower, 30)
    const later = follower.stats()
    const asked = later.requests - requests - (later.blocksRead - blocksRead)
    expect(asked).toBeLessThanOrEqual(4) // by polling it would be a hundred
    follower.close()
  })

  it('reads the results of a block, and of none that does not exist', async () => {
    await using flow = await startEmulator({ blockTimeMs: 50 })
    const node = connectAccessNode(flow.url)
    const follower = createBlockFollower({ nodes: [node], pollMs: 20, webSocket: false })
    follower.watch({ transactionId: noSuch, fromHeight: 0 }, () => undefined)
    await reading(follower, 2)
    const block = await readBlockResults(node, 1)
    expect(block).toMatchObject({ height: 1, sealed: true })
    expect(block?.blockId).toMatch(/^[0-9a-f]{64}$/)
    expect([...(block?.results.keys() ?? [])].every((id) => /^[0-9a-f]{64}$/.test(id))).toBe(true)
    expect(await readBlockResults(node, 1_000_000)).toBeUndefined()
    follower.close()
  })
})

/** Blocks by hand: a rollback while the emulator makes one is refused, or leaves holes. */
async function mine(flow: Emulator, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const reply = await fetch(`${flow.adminUrl}/emulator/newBlock`, { method: 'POST' })
    await reply.text()
    if (!reply.ok) throw new Error(`no block: ${reply.status}`)
  }
}

async function rollBack(flow: Emulator, height: number): Promise<void> {
  const body = new URLSearchParams({ height: String(height) })
  const reply = await fetch(`${flow.adminUrl}/emulator/rollback`, { method: 'POST', body })
  if (!reply.ok) throw new Error(`no rollback: ${reply.status}`)
}

function fail(): never {
  throw new Error('no such transaction')
}
