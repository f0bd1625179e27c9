/** Starts the parts of a relay: all of them, or none. @module */

import { setMaxListeners } from 'node:events'
import { engineAt } from '../authorizer/engine.ts'
import { engineOf } from '../authorizer/kms-authorizer.ts'
import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { connectAccessNode } from '../flow/access-node.ts'
import { createBlockFollower } from '../flow/block-follower.ts'
import { connectOneChain } from '../flow/chain-gate.ts'
import type { NodeConnection } from '../flow/http.ts'
import { createNodeBudget } from '../flow/node-budget.ts'
import { coalesce } from '../proposal-keys/coalesce.ts'
import { createPool, type Pool } from '../proposal-keys/pool.ts'
import { createBoundedStore } from '../stores/bounded-store.ts'
import { type Batch, createBatch } from './batch.ts'
import type { RelayCore } from './core.ts'
import { createEndings, type Endings } from './endings.ts'
import { createTeller } from './events.ts'
import { createHold } from './hold.ts'
import { createImports } from './imports.ts'
import type { IntentRules } from './intent.ts'
import { createNodeNews } from './node-news.ts'
import type { CheckedRelayOptions, RelayOptions } from './options.ts'
import { createTemplates } from './templates.ts'
import { createTracker, type Tracker } from './tracker.ts'
import { startUpkeep } from './upkeep.ts'
import { createWaiters, type Waiters } from './waiters.ts'
import { createWorker, type Worker } from './worker.ts'

/** A relay that runs. */
export type RelayParts = {
  readonly core: RelayCore
  readonly tracker: Tracker
  readonly waiters: Waiters
  readonly worker: Worker
  readonly intents: IntentRules
  /** Ends all of it at once. Never rejects, and is over within `LEAVE_MS`. */
  readonly end: () => Promise<void>
}

/** How long the store may take to say good-bye, in milliseconds. */
export const LEAVE_MS = 1_000

/** Attempts that are settled in one step. */
const MAX_STEP = 500
/** Those who may wait for a key or for a turn to send: never more than are being prepared. */
const MAX_WAITING = 1_000_000
/** How long for a key, in milliseconds. */
const WAIT_MS = 3_600_000

/**
 * When a step fails, all that was begun before is ended again, and nothing goes on.
 *
 * @throws {SignerError} See `createRelay`.
 */
export async function startParts(
  options: RelayOptions,
  checked: CheckedRelayOptions,
): Promise<RelayParts> {
  const { address } = checked
  const batches = new Map(
    Object.entries(options.batches ?? {}).map(([name, one]) => [name, createBatch(name, one)]),
  )
  const closing = new AbortController()
  const { signal } = closing
  setMaxListeners(0, signal) // as many as there are transactions
  const endings = createEndings()
  async function end(): Promise<void> {
    closing.abort(new SignerError('RELAY_CLOSED', { address }))
    await endings.run()
  }
  try {
    return { ...(await assemble({ options, checked, batches, signal, endings })), end }
  } catch (thrown) {
    await end()
    throw thrown
  }
}

async function assemble({
  options,
  checked,
  batches,
  signal,
  endings,
}: {
  readonly options: RelayOptions
  readonly checked: CheckedRelayOptions
  readonly batches: ReadonlyMap<string, Batch>
  readonly signal: AbortSignal
  readonly endings: Endings
}): Promise<Omit<RelayParts, 'end'>> {
  const { address, pollMs, sendsPerSecond, storeTimeoutMs: timeoutMs } = checked
  const { policy, requestScript: script, webSocket, flowJson } = options
  const tell = createTeller(options.onEvent)
  const connected = await connectOneChain(
    options.accessNodes.map(connectAccessNode),
    signal,
    ({ code }) => tell({ kind: 'trouble', code, where: 'follow' }),
  )
  const { chainId, away } = connected
  const nodes = asNodes(connected.nodes)
  const imports = createImports({ imports: options.imports, flowJson, chainId })
  const templates = await createTemplates(batches, imports)
  const requestScript = script === undefined ? undefined : await imports.resolve(script)
  const follower = createBlockFollower({
    nodes,
    away,
    pollMs,
    onReport: createNodeNews(tell),
    ...(webSocket === undefined ? {} : { webSocket }),
  })
  endings.add(follower.close)
  const engine = engineAt(engineOf(options.authorizer), follower.node)
  const store = createBoundedStore(options.store, { timeoutMs, signal })
  const pool = await openPool({ engine, store, follower }, options, checked)
  endings.add(() => leave(pool, options.store, address))
  const waiters = createWaiters(address, (ids) => store.getJobs(address, ids))
  endings.add(waiters.close)
  let worker: Worker | undefined
  const wake = () => worker?.wake()
  const hold = createHold({ address, store, tell, onChange: wake })
  endings.add(hold.close)
  const core: RelayCore = {
    address,
    engine,
    store,
    pool,
    follower,
    nodes,
    budget: createNodeBudget({ nodes, perSecond: sendsPerSecond, maxWaiting: MAX_WAITING }),
    batches: templates.batches,
    batchOf: (transactionId) => tracker.batchOf(transactionId),
    policy,
    requestScript,
    settings: checked,
    hold,
    tell,
    notify: waiters.notify,
    settle: coalesce(store.settleAttempts, MAX_STEP),
    signal,
  }
  const tracker = createTracker(core, wake)
  endings.add(tracker.close)
  await hold.refresh()
  await tracker.adopt()
  endings.add(startUpkeep(core, tracker.adopt).stop)
  worker = createWorker(core, tracker, tracker.add)
  return { core, tracker, waiters, worker, intents: { ...imports, ...templates } }
}

function asNodes([first, ...others]: readonly NodeConnection[]): RelayCore['nodes'] {
  if (first === undefined)
    throw new SignerError('INVALID_OPTION', { option: 'accessNodes', reason: 'it names none' })
  return [first, ...others]
}

function openPool(
  parts: Pick<RelayCore, 'engine' | 'store' | 'follower'>,
  { onPoolReport: onReport }: RelayOptions,
  { address, leaseMs, transactionExpiry, pollMs }: CheckedRelayOptions,
): Promise<Pool> {
  const waits = { maxWaiting: MAX_WAITING, waitMs: WAIT_MS }
  const settings = { address, leaseMs, ...waits, transactionExpiry, pollMs }
  return createPool({ ...parts, node: parts.engine.node, settings, onReport })
}

/** Another process need not wait until what is in flight here counts as left behind. */
async function leave(pool: Pool, store: RelayOptions['store'], address: string): Promise<void> {
  await pool.close()
  const onTimeout = () => new SignerError('RELAY_CLOSED', { address })
  await withDeadline({ timeoutMs: LEAVE_MS, onTimeout }, async () =>
    store.extend(pool.holder.current(), 0),
  )
}
