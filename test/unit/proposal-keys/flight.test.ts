import { transactionId } from '../../../src/crypto/transaction.ts'
import { connectAccessNode } from '../../../src/flow/access-node.ts'
import { createBlockFollower } from '../../../src/flow/block-follower.ts'
import { type Flight, type FlightSettings, watchFlight } from '../../../src/proposal-keys/flight.ts'
import type { Settlement } from '../../../src/proposal-keys/number-look.ts'
import type { PoolReport } from '../../../src/proposal-keys/report.ts'
import { post } from '../../support/fcl-player.ts'
import {
  address,
  afterBlocks,
  expiry,
  latestBlockId,
  outsider,
  startPoolChain,
} from '../../support/pool-world.ts'
import type { SimulatedNode, SimulatedNodeOptions } from '../../support/simulated-node.ts'
import { until } from '../../support/until.ts'

/** Blocks beyond the expiry after which the pool gives a transaction up. */
const margin = 30
const unknownId = 'ab'.repeat(32)
/** Of the number, much sooner than a chain of seconds needs them. */
const looks = { identified: { firstMs: 20, maxMs: 50 }, nameless: { firstMs: 20, maxMs: 50 } }

/** A follower on a chain, and what a flight told. */
async function startSky(options: Partial<SimulatedNodeOptions> = {}) {
  const node = await startPoolChain({ copies: 1, ...options })
  const connection = connectAccessNode(node.url)
  const follower = createBlockFollower({ nodes: [connection], pollMs: 5, webSocket: false })
  const closing = new AbortController()
  const settled: Settlement[] = []
  const reports: PoolReport[] = []
  let resyncs = 0
  const settings: FlightSettings = {
    node: async () => connection,
    follower,
    transactionExpiry: expiry,
    settle: async (_, settlement) => void settled.push(settlement),
    report: (report) => reports.push(report),
    lacksKey: async () => true,
    onResync: () => {
      resyncs += 1
    },
    // Where the outcome in a block is to tell, no look at the number comes before it.
    looks: { identified: { firstMs: 600_000, maxMs: 600_000 }, nameless: looks.nameless },
    signal: closing.signal,
  }
  const { height } = await follower.wake()
  const flight = (change: Partial<Flight> = {}): Flight => ({
    lease: { address, keyIndex: 1, sequenceNumber: 0n, fence: 1 },
    transactionId: undefined,
    referenceBlockId: latestBlockId(node),
    fromHeight: height,
    ...change,
  })
  return {
    node,
    settled,
    reports,
    settings,
    flight,
    resyncs: () => resyncs,
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the test is over'))
      follower.close()
      await node[Symbol.asyncDispose]()
    },
  }
}

/** A transaction with the next number of key 1. */
function prepared(node: SimulatedNode) {
  const transaction = outsider(node, 1)
  const signature = new Uint8Array(64).fill(1)
  const envelopeSignatures = [{ address, keyIndex: 0, signature }]
  const whole = { ...transaction, envelopeSignatures }
  return { transaction: whole, id: transactionId(whole) }
}

describe('watchFlight', () => {
  it('settles by the outcome in its block, and reads no key for it', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    watchFlight(sky.flight({ transactionId: id }), sky.settings)
    await post(sky.node.url, transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'executed' }])
    expect(sky.resyncs()).toBe(0)
  })

  it('takes a failure in Cadence for an execution', async () => {
    await using sky = await startSky({
      execute: () => '[Error Code: 1101] panic: Error Code: 1007',
    })
    const { transaction, id } = prepared(sky.node)
    watchFlight(sky.flight({ transactionId: id }), sky.settings)
    await post(sky.node.url, transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'executed' }])
  })

  it('reads the number when the chain refused the transaction, and says that it drifted', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    sky.node.chain.intrude(outsider(sky.node, 1))
    watchFlight(sky.flight({ transactionId: id }), sky.settings)
    await post(sky.node.url, transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'refused' }])
    expect(sky.reports).toEqual([{ kind: 'drifted', keyIndex: 1 }])
    expect(sky.resyncs()).toBe(1)
  })

  it('holds the key of a transaction that was never sent until that has expired', async () => {
    await using sky = await startSky()
    const isOver = afterBlocks(sky.node, expiry)
    watchFlight(sky.flight({ transactionId: unknownId }), sky.settings)
    await until(() => sky.settled.length > 0)
    expect(isOver()).toBe(true)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 0n, outcome: 'expired' }])
  })

  it('counts the expiry from the reference block, however late that was chosen', async () => {
    await using sky = await startSky()
    const early = sky.flight()
    await until(afterBlocks(sky.node, expiry + margin + 20))
    const isOver = afterBlocks(sky.node, expiry)
    const referenceBlockId = latestBlockId(sky.node)
    watchFlight({ ...early, transactionId: unknownId, referenceBlockId }, sky.settings)
    await until(() => sky.settled.length > 0)
    expect(isOver()).toBe(true)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 0n, outcome: 'expired' }])
  })

  it('sees by the number that one without an id has executed', async () => {
    await using sky = await startSky()
    const flight = sky.flight({ transactionId: undefined })
    watchFlight(flight, { ...sky.settings, transactionExpiry: 100_000 })
    await post(sky.node.url, prepared(sky.node).transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'moved' }])
  })

  it('gives up one without an id that has expired', async () => {
    await using sky = await startSky()
    watchFlight(sky.flight(), sky.settings)
    sky.node.chain.mine({ count: expiry + margin + 10 })
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 0n, outcome: 'expired' }])
  })

  it('sees by the number that a copy under other signatures has executed', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    watchFlight(sky.flight({ transactionId: id }), {
      ...sky.settings,
      transactionExpiry: 100_000,
      looks,
    })
    const signature = new Uint8Array(64).fill(2)
    sky.node.chain.intrude({
      ...transaction,
      envelopeSignatures: [{ address, keyIndex: 0, signature }],
    })
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'moved' }])
  })

  it('knows its own transaction by its id, though no block told of it', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    sky.node.setFault(({ path }) =>
      path.startsWith('transaction_results?') ? { status: 500, body: {} } : undefined,
    )
    watchFlight(sky.flight({ transactionId: id }), {
      ...sky.settings,
      transactionExpiry: 100_000,
      looks,
    })
    await post(sky.node.url, transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'executed' }])
  })

  it('looks more and more seldom, and tells once that nobody has seen it', async () => {
    await using sky = await startSky()
    watchFlight(sky.flight({ transactionId: unknownId }), {
      ...sky.settings,
      transactionExpiry: 100_000,
      looks: { ...looks, identified: { firstMs: 10, maxMs: 100_000 } },
    })
    await until(() => sky.resyncs() === 5)
    expect(sky.reports).toEqual([{ kind: 'unseen', keyIndex: 1 }])
    expect(sky.settled).toEqual([])
  })

  it('is over at once when the chain does not have its reference block any more', async () => {
    await using sky = await startSky()
    const gone = { transactionId: unknownId, referenceBlockId: 'ef'.repeat(32) }
    watchFlight(sky.flight(gone), { ...sky.settings, transactionExpiry: 100_000 }).recheck()
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 0n, outcome: 'expired' }])
  })

  it('stays when the chain went back and has the reference block still', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    watchFlight(sky.flight({ transactionId: id }), sky.settings).recheck()
    await until(afterBlocks(sky.node, 10))
    expect(sky.settled).toEqual([])
    await post(sky.node.url, transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'executed' }])
  })

  it('quarantines a key that is revoked', async () => {
    await using sky = await startSky()
    const { body } = await keyReply(sky.node)
    sky.node.setFault(({ path }) =>
      path.includes('/keys/') ? { status: 200, body: { ...body, revoked: true } } : undefined,
    )
    watchFlight(sky.flight(), sky.settings)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([
      { nextSequenceNumber: 0n, outcome: expect.any(String), quarantine: 'the key is revoked' },
    ])
  })

  it.each([
    ['and quarantines it, when the account does not have it', true],
    ['and waits on, when the account has it', false],
  ])('asks about a key that the node does not know, %s', async (_, isGone) => {
    await using sky = await startSky()
    const absent = { status: 404, body: { code: 404, message: 'no such key' } } as const
    sky.node.setFault(({ path }) => (path.includes('/keys/1') ? absent : undefined))
    const asked: number[] = []
    const lacksKey = async (keyIndex: number) => asked.push(keyIndex) > 0 && isGone
    const pace = { firstMs: 5, maxMs: 20 }
    const watch = watchFlight(sky.flight(), { ...sky.settings, lacksKey, pace })
    await until(() => asked.length > 0)
    const trouble = { kind: 'trouble', errorCode: 'KEY_INDEX_UNKNOWN' }
    const looks = sky.reports.filter(({ kind }) => kind === 'trouble')
    expect(looks.slice(0, 5)).toEqual(Array(5).fill(trouble))
    if (!isGone) sky.node.setFault(() => undefined)
    await until(() => sky.settled.length > 0)
    const quarantine = 'the account has no such key'
    expect(sky.settled).toEqual(
      isGone
        ? [{ nextSequenceNumber: 0n, outcome: expect.any(String), quarantine }]
        : [{ nextSequenceNumber: 0n, outcome: 'expired' }],
    )
    watch.stop()
  })

  it('tries again what failed: a store that is away and a node that answers wrongly', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    let away = 1
    const settle: FlightSettings['settle'] = async (lease, settlement) => {
      if (away-- > 0) throw new RangeError('away')
      await sky.settings.settle(lease, settlement)
    }
    watchFlight(sky.flight({ transactionId: id }), { ...sky.settings, settle })
    await post(sky.node.url, transaction)
    await until(() => sky.settled.length > 0)
    expect(sky.settled).toEqual([{ nextSequenceNumber: 1n, outcome: 'executed' }])
    expect(sky.reports).toEqual([{ kind: 'trouble', errorCode: 'OTHER' }])
  })

  it('tells nothing after it was stopped', async () => {
    await using sky = await startSky()
    const { transaction, id } = prepared(sky.node)
    const watch = watchFlight(sky.flight({ transactionId: id }), sky.settings)
    watch.stop()
    watch.recheck()
    await post(sky.node.url, transaction)
    await until(afterBlocks(sky.node, expiry + margin + 10))
    expect([sky.settled, sky.reports]).toEqual([[], []])
  })
})

async function keyReply({ url }: SimulatedNode): Promise<{ readonly body: object }> {
  const reply = await fetch(`${url}/v1/accounts/${address.slice(2)}/keys/1`)
  return { body: JSON.parse(await reply.text()) }
}
