/** Mints asked for and approved by two careful clients, whatever happens to the servers. @module */

import type { Random } from '../random.ts'
import { until } from '../until.ts'
import type { ServerWorld } from './process-world.ts'
import { mintOf } from './world.ts'

/** What the clients do. */
export type Load = {
  /** Numbers of items by the ids of requests that were accepted. */
  readonly accepted: ReadonlyMap<string, number>
  /** Resolves when all is accepted and approved; rejects as `insist` and with unexpected answers. */
  readonly over: Promise<void>
}

/** How much, and what comes before each call. */
export type LoadOptions = {
  readonly mints: number
  /** Items of one request, from 1. */
  readonly mostItems: number
  readonly random: Random
  /** Begins the Idempotency-Keys. */
  readonly name: string
  /** Calls at a time. Default 4. */
  readonly callers?: number
  /** Awaited before each request: spreads them over a time. */
  readonly pace?: (asked: number) => Promise<unknown>
}

/** Starts to ask. Each request is approved as soon as it is accepted. */
export function startLoad(world: ServerWorld, options: LoadOptions): Load {
  const { mints, mostItems, random, name, callers = 4, pace } = options
  const accepted = new Map<string, number>()
  const sizes: number[] = []
  for (let left = mints; left > 0; left -= sizes.at(-1) ?? left)
    sizes.push(Math.min(left, random.whole(1, mostItems)))
  const open = [...sizes.entries()]
  let asked = 0

  async function work(): Promise<void> {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const [index, size] = next
      await pace?.(asked)
      asked += size
      const { id, digest } = await ask(world, `${name}-${index}`, size)
      accepted.set(id, size)
      await approve(world, id, digest)
    }
  }

  const over = Promise.all(Array.from({ length: callers }, work)).then(() => undefined)
  over.catch(() => undefined)
  return { accepted, over }
}

/** The same key and size are the same request. */
export async function ask(
  { insist, treasury }: Pick<ServerWorld, 'insist' | 'treasury'>,
  key: string,
  size: number,
): Promise<{ readonly id: string; readonly digest: string; readonly replayed: boolean }> {
  const items = Array.from({ length: size }, (_, index) =>
    mintOf(treasury.recipient, `${key} ${index}`),
  )
  const headers = { 'idempotency-key': key }
  const answer = await insist('shop', 'POST', '/v1/mints', { items }, headers)
  if (answer.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer.body)}`)
  const { id, digest } = answer.body
  return { id, digest, replayed: answer.headers.get('idempotent-replayed') === 'true' }
}

/** An answer may have been lost: the second call then says that there is an approval. */
export async function approve(
  { insist }: Pick<ServerWorld, 'insist'>,
  id: string,
  digest: string,
): Promise<void> {
  const { status, body } = await insist('alice', 'POST', `/v1/mints/${id}/approvals`, { digest })
  const isThere = ['ALREADY_APPROVED', 'ALREADY_DECIDED', 'REQUEST_OVER'].includes(body.code)
  if (status !== 201 && !isThere) throw new Error(`not approved: ${JSON.stringify(body)}`)
}

/** Waits until no mint is open. Not by `/v1/stats`, whose figures may be a second old. */
export async function untilAllOver(world: ServerWorld, deadlineMs = 60_000): Promise<void> {
  await until(async () => {
    // In the order in which a request passes them, so that none slips by.
    for (const state of ['waiting', 'ready', 'released']) {
      const { body } = await world.insist('eve', 'GET', `/v1/mints?state=${state}&limit=1`)
      if (body.requests?.length !== 0) return false
    }
    return true
  }, deadlineMs)
}
