/** Durable submission: a job that was accepted is executed once, whatever fails on the way. @module */

import { setMaxListeners } from 'node:events'
import { engineAt } from '../authorizer/engine.ts'
import { engineOf } from '../authorizer/kms-authorizer.ts'
import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { assertChain, connectAccessNode, readChainId } from '../flow/access-node.ts'
import { createBlockFollower } from '../flow/block-follower.ts'
import type { NodeConnection } from '../flow/http.ts'
import { createNodeBudget } from '../flow/node-budget.ts'
import { coalesce } from '../proposal-keys/coalesce.ts'
import { createPool } from '../proposal-keys/pool.ts'
import type { PoolStats } from '../proposal-keys/report.ts'
import type { JobCounts, JobRow, JobState } from '../stores/store.ts'
import { createBatch } from './batch.ts'
import type { RelayCore } from './core.ts'
import { createTeller } from './events.ts'
import { createHold } from './hold.ts'
import { parseIntent, type SubmitRequest } from './intent.ts'
import { createJob, type Job } from './job.ts'
import { checkRelayOptions, type RelayOptions } from './options.ts'
import { createTracker } from './tracker.ts'
import { createWaiters } from './waiters.ts'
import { createWorker, type Worker } from './worker.ts'

/** What is known of a relay now. */
export type RelayStats = {
  readonly jobs: JobCounts
  /** Of this process. */
  readonly transactions: { readonly preparing: number; readonly inFlight: number }
  /** Sends that wait for the budget of the nodes. */
  readonly sendQueue: number
  readonly proposalKeys: PoolStats
  /** Why nothing is sent, when that is so. */
  readonly held: { readonly code: string; readonly reason: string } | undefined
  /** Requests to the followed node, sends not counted. */
  readonly nodeRequests: number
}

/** A relay of one account. */
export type Relay = {
  readonly address: string
  /**
   * Resolves when the job is stored. The same id with the same intent is the same job.
   *
   * @throws {SignerError} `JOB_ID_TAKEN`, `RELAY_QUEUE_FULL`, `INVALID_OPTION`, `RELAY_CLOSED`,
   * `STORE_UNAVAILABLE`: in doubt, submit again with the same id.
   */
  readonly submit: (request: SubmitRequest) => Promise<Job>
  /** @throws {SignerError} `JOB_UNKNOWN`. */
  readonly job: (id: string) => Promise<Job>
  /** Oldest first. */
  readonly list: (query?: {
    readonly states?: readonly JobState[]
    readonly afterId?: string
    /** At most 1,000. Default 100. */
    readonly limit?: number
  }) => Promise<readonly JobRow[]>
  /** Nothing more is signed or sent anew, in no process, until `resume`; jobs are still accepted. */
  readonly pause: () => Promise<void>
  /** Ends a pause, and a hold after its cause was mended. */
  readonly resume: () => Promise<void>
  /**
   * An operator's word on a quarantined job, after a look at the chain.
   *
   * @throws {SignerError} `JOB_UNKNOWN` when it is not quarantined.
   */
  readonly resolve: (
    id: string,
    to: {
      /** `queued`: try again, since it was not executed. */
      readonly state: 'queued' | 'done' | 'failed'
      readonly transactionId?: string
      readonly reason?: string
    },
  ) => Promise<void>
  /** Uses proposal keys that were added. @returns How many there are. */
  readonly refreshKeys: () => Promise<number>
  readonly stats: () => Promise<RelayStats>
  /**
   * Accepts and starts nothing more, and ends when what is being signed is stored and sent, or after
   * `timeoutMs`, default 10,000. What is in flight is taken over by another process, or by the next.
   */
  readonly close: (options?: { readonly timeoutMs?: number }) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Jobs that are stored in one step. */
const MAX_STEP = 500
/** How long the store may take to say good-bye, in milliseconds. */
const CLOSE_MS = 1_000

/**
 * Checks nodes, account and keys, takes over what a process that is gone left behind, and starts.
 *
 * @throws {SignerError} `INVALID_OPTION`, `NO_PROPOSAL_KEYS`, `CHAIN_MISMATCH` and the other codes of
 * access node, accounts, signers and stores.
 */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const checked = checkRelayOptions(options)
  const { address, leaseMs, maxOpenJobs, sendsPerSecond } = checked
  const { store, authorizer } = options
  const [first, ...others] = options.accessNodes.map(connectAccessNode)
  if (first === undefined)
    throw new SignerError('INVALID_OPTION', { option: 'accessNodes', reason: 'it names none' })
  const nodes: readonly [NodeConnection, ...NodeConnection[]] = [first, ...others]
  await assertOneChain(nodes)
  const batches = new Map(
    Object.entries(options.batches ?? {}).map(([name, template]) => [
      name,
      createBatch(name, template),
    ]),
  )
  const tell = createTeller(options.onEvent)
  const closing = new AbortController()
  const { signal } = closing
  setMaxListeners(0, signal) // as many as there are transactions
  const { webSocket } = options
  const follower = createBlockFollower({
    nodes,
    pollMs: checked.pollMs,
    ...(webSocket === undefined ? {} : { webSocket }),
  })
  const engine = engineAt(engineOf(authorizer), follower.node)
  const pool = await createPool({
    engine,
    node: engine.node,
    store,
    follower,
    settings: {
      address,
      leaseMs,
      maxWaiting: 1_000_000, // never more than are being prepared
      waitMs: 3_600_000,
      transactionExpiry: checked.transactionExpiry,
      pollMs: checked.pollMs,
    },
    onReport: options.onPoolReport,
  }).catch((thrown: unknown) => {
    follower.close()
    throw thrown
  })

  let worker: Worker | undefined
  let closed = false
  const wake = () => worker?.wake()
  const batchNames = new Set(batches.keys())
  const waiters = createWaiters(address, (ids) => store.getJobs(address, ids))
  const hold = createHold({ address, store, tell, onChange: wake })
  const core: RelayCore = {
    address,
    engine,
    store,
    pool,
    follower,
    nodes,
    budget: createNodeBudget({ nodes, perSecond: sendsPerSecond, maxWaiting: 1_000_000 }),
    batches,
    batchOf: (transactionId) => tracker.batchOf(transactionId),
    policy: options.policy,
    requestScript: options.requestScript,
    settings: checked,
    hold,
    tell,
    notify: waiters.notify,
    settle: coalesce(store.settleAttempts, MAX_STEP),
    signal,
  }
  const tracker = createTracker(core, wake)
  await hold.refresh()
  await tracker.adopt()
  const started = createWorker(core, tracker.holdingKeys, tracker.add)
  worker = started

  const addJob = coalesce(
    (intents: Parameters<typeof store.addJobs>[1]) => store.addJobs(address, intents, maxOpenJobs),
    MAX_STEP,
  )
  const jobOf = (id: string) => {
    const onCancelled = () => tell({ kind: 'cancelled', jobId: id })
    return createJob({ address, id, store, waiters, onCancelled })
  }

  async function close({ timeoutMs = 10_000 } = {}): Promise<void> {
    if (signal.aborted) return
    closed = true
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([started.drain().then(tracker.sent), late])
    clearTimeout(timer)
    closing.abort(new SignerError('RELAY_CLOSED', { address }))
    tracker.close()
    waiters.close()
    await pool.close()
    follower.close()
    // Another process need not wait until what is in flight here counts as left behind.
    await withDeadline(
      { timeoutMs: CLOSE_MS, onTimeout: () => new SignerError('RELAY_CLOSED', { address }) },
      () => store.extend(pool.holder.current(), 0),
    ).catch(() => undefined)
  }

  return Object.freeze({
    address,
    async submit(request) {
      if (closed) throw new SignerError('RELAY_CLOSED', { address })
      const intent = parseIntent(request, batchNames)
      const added = await addJob(intent)
      if (added === undefined)
        throw new SignerError('RELAY_QUEUE_FULL', { address, limit: maxOpenJobs })
      if (added.job.intentHash !== intent.intentHash)
        throw new SignerError('JOB_ID_TAKEN', { id: intent.id })
      if (added.created) tell({ kind: 'accepted', jobId: intent.id })
      if (added.created) wake()
      return jobOf(intent.id)
    },
    async job(id) {
      const [row] = await store.getJobs(address, [id])
      if (row === undefined) throw new SignerError('JOB_UNKNOWN', { id })
      return jobOf(id)
    },
    list: ({ limit = 100, ...query } = {}) =>
      store.listJobs(address, { ...query, limit: Math.min(Math.max(1, limit), 1_000) }),
    pause: hold.pause,
    resume: hold.resume,
    async resolve(id, to) {
      if (!(await store.resolveJob(address, id, to))) throw new SignerError('JOB_UNKNOWN', { id })
      tell({ kind: 'resolved', jobId: id, state: to.state })
      waiters.notify([id])
      wake()
    },
    async refreshKeys() {
      const count = await pool.refresh()
      wake()
      return count
    },
    stats: async () => ({
      jobs: await store.countJobs(address),
      transactions: { preparing: started.preparing(), inFlight: tracker.size() },
      sendQueue: core.budget.depth(),
      proposalKeys: pool.stats(),
      held: hold.current(),
      nodeRequests: follower.stats().requests,
    }),
    close,
    [Symbol.asyncDispose]: () => close(),
  } satisfies Relay)
}

async function assertOneChain([first, ...others]: readonly [
  NodeConnection,
  ...NodeConnection[],
]): Promise<void> {
  const chainId = await readChainId(first)
  await Promise.all(others.map((node) => assertChain(node, chainId)))
}
