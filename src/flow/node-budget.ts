/** So many sends a second to each node, shared fairly among all that want to send. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { assertDistinctNodes, type NodeConnection } from './node-connection.ts'

/** A second, and what the way to the node may add to or take from one. */
const WINDOW_MS = 1_020

/** The longest penalty, in milliseconds: a node may ask for a wait of days. */
const MAX_PENALTY_MS = 600_000

/** Options of `createNodeBudget`. */
export type NodeBudgetOptions = {
  /** At least one. Given the same pace, they take turns. */
  readonly nodes: readonly NodeConnection[]
  /** Sends to each node in any second, 1 to 10,000. Default 50, what public nodes allow. */
  readonly perSecond?: number
  /** Sends that may follow each other at once after a quiet time. Default a tenth of a second's. */
  readonly burst?: number
  /** Callers who may wait. Default 10,000. */
  readonly maxWaiting?: number
}

/** Hands out turns to send. */
export type NodeBudget = {
  /**
   * Resolves to the node that may be sent to first, when it may; in the order of the calls.
   *
   * @throws {SignerError} `ACCESS_NODE_UNREACHABLE` when too many wait already. Rejects with
   * `signal.reason` on abort.
   */
  readonly next: (signal?: AbortSignal) => Promise<NodeConnection>
  /** Gives the node no turn for these milliseconds, at most 600,000: it limits, or did not answer. */
  readonly penalise: (node: NodeConnection, ms: number) => void
  /** How many wait. */
  readonly depth: () => number
}

type Lane = {
  readonly node: NodeConnection
  /** The times of the last sends, oldest first; at most `perSecond`. */
  readonly sent: number[]
  /** When the next send is due at an even pace. */
  dueAt: number
  penalisedUntil: number
}

type Waiter = { readonly resolve: (node: NodeConnection) => void }

/**
 * Holds no timer while nobody waits.
 *
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function createNodeBudget(options: NodeBudgetOptions): NodeBudget {
  assertKnownKeys(options, ['nodes', 'perSecond', 'burst', 'maxWaiting'])
  const { nodes, perSecond = 50, maxWaiting = 10_000 } = options
  const { burst = Math.max(1, Math.floor(perSecond / 10)) } = options
  if (nodes.length === 0) throw invalid('nodes', 'it names none')
  assertDistinctNodes('nodes', nodes)
  assertCount('perSecond', perSecond, 10_000)
  assertCount('burst', burst, perSecond)
  assertCount('maxWaiting', maxWaiting, 1_000_000)
  const pace = { perSecond, burst, paceMs: 1_000 / perSecond }
  const lanes = nodes.map((node): Lane => ({ node, sent: [], dueAt: 0, penalisedUntil: 0 }))
  const line = new Set<Waiter>() // keeps the order of insertion
  let timer: NodeJS.Timeout | undefined

  const readyAt = (lane: Lane) => laneReadyAt(lane, pace)
  /** Of those that are ready now, the one that rested longest. */
  const firstLane = (now: number): Lane | undefined =>
    lanes.toSorted(
      (a, b) => Math.max(now, readyAt(a)) - Math.max(now, readyAt(b)) || a.dueAt - b.dueAt,
    )[0]
  const serve = () => {
    clearTimeout(timer)
    timer = undefined
    for (const waiter of line) {
      const now = performance.now()
      const lane = firstLane(now)
      const waitMs = lane === undefined ? 0 : readyAt(lane) - now
      if (lane === undefined || waitMs > 0) {
        timer = setTimeout(serve, Math.ceil(waitMs))
        return
      }
      takeTurn(lane, now, pace)
      line.delete(waiter)
      waiter.resolve(lane.node)
    }
  }
  return Object.freeze({
    async next(signal) {
      signal?.throwIfAborted()
      if (line.size >= maxWaiting)
        throw new SignerError('ACCESS_NODE_UNREACHABLE', {
          accessNode: nodes.map(({ url }) => url).join(', '),
          reason: `${line.size} sends wait already`,
        })
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          line.delete(waiter)
          if (line.size === 0) clearTimeout(timer)
          reject(signal?.reason)
        }
        const waiter: Waiter = {
          resolve(node) {
            signal?.removeEventListener('abort', onAbort)
            resolve(node)
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        line.add(waiter)
        if (line.size === 1) serve()
      })
    },
    penalise(node, ms) {
      const lane = lanes.find(({ node: { url } }) => url === node.url)
      if (lane === undefined || !(ms > 0)) return
      lane.penalisedUntil = Math.max(
        lane.penalisedUntil,
        performance.now() + Math.min(ms, MAX_PENALTY_MS),
      )
      if (line.size > 0) serve()
    },
    depth: () => line.size,
  } satisfies NodeBudget)
}

type Pace = { readonly perSecond: number; readonly burst: number; readonly paceMs: number }

function laneReadyAt(lane: Lane, { perSecond, burst, paceMs }: Pace): number {
  const { sent, dueAt, penalisedUntil } = lane
  const oldest = sent.length < perSecond ? undefined : sent[0]
  const paced = dueAt - (burst - 1) * paceMs
  return Math.max(penalisedUntil, paced, (oldest ?? Number.NEGATIVE_INFINITY) + WINDOW_MS)
}

function takeTurn(lane: Lane, now: number, { perSecond, paceMs }: Pace): void {
  lane.sent.push(now)
  if (lane.sent.length > perSecond) lane.sent.shift()
  lane.dueAt = Math.max(lane.dueAt, now) + paceMs
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })

function assertCount(option: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw invalid(option, `it is not a whole number from 1 to ${most}`)
}
