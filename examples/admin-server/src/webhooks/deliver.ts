/** The loop that delivers webhooks; several processes share one database. @module */

import { setTimeout as sleep } from 'node:timers/promises'
import { AdminError, isAdminError } from '../errors.ts'
import {
  type AttemptOptions,
  attemptDelivery,
  defaultRetryPlan,
  type RetryPlan,
} from './attempt.ts'
import { claimDelivery } from './delivery-rows.ts'
import type { PostOptions } from './post.ts'
import { webhookKey } from './signature.ts'

/** Options of `startWebhookDelivery`. Times in milliseconds. */
export type WebhookOptions = Pick<
  AttemptOptions,
  'database' | 'audit' | 'allow' | 'log' | 'now'
> & {
  /** `WEBHOOK_SECRET`; see `webhookKey`. */
  readonly secret: string
  /** In flight at once. Default 8. */
  readonly concurrency?: number
  /** Of them to one origin, so that a dead one does not hold up the others. Default 4. */
  readonly perOrigin?: number
  /** Between looks at the table when nothing is due. Default 1,000. */
  readonly pollMs?: number
  /** Longer than an attempt and its commit can take. Default 60,000. */
  readonly leaseMs?: number
  readonly retry?: RetryPlan
  readonly post?: Omit<PostOptions, 'signal'>
  /** 0 to 1, for the jitter. */
  readonly random?: () => number
}

/** A running delivery. */
export type WebhookDelivery = {
  /** Look at the table now: something was written, or a test's clock went on. */
  readonly wake: () => void
  /**
   * Takes no more, waits for what is in flight, and after `drainMs` breaks that off and hands it
   * back for another process. Default 10,000.
   */
  readonly stop: (drainMs?: number) => Promise<void>
}

/** @throws {AdminError} `CONFIGURATION_INVALID` for a short secret or a lease below an attempt. */
export function startWebhookDelivery(options: WebhookOptions): WebhookDelivery {
  const { database, concurrency = 8, perOrigin = 4, pollMs = 1_000, leaseMs = 60_000 } = options
  const { log, now, post, retry = defaultRetryPlan, random = Math.random } = options
  if (leaseMs <= (post?.totalTimeoutMs ?? 10_000) + (post?.bodyTimeoutMs ?? 1_000))
    throw new AdminError('CONFIGURATION_INVALID', { field: 'leaseMs' })
  const breakOff = new AbortController()
  const attempt: AttemptOptions = {
    database,
    audit: options.audit,
    allow: options.allow,
    key: webhookKey(options.secret),
    log,
    now,
    retry,
    random,
    post: { ...post, signal: breakOff.signal },
  }
  const inFlight = new Map<Promise<void>, string>() // → its origin
  let stopping = false
  let bell = newBell()
  const wake = () => bell.ring()

  const complain = (thrown: unknown) =>
    // The code alone: a driver's text may hold values of a row.
    log?.warn({ code: isAdminError(thrown) ? thrown.code : 'INTERNAL' }, 'webhook delivery failed')

  const busyOrigins = () => {
    const origins = [...inFlight.values()]
    const count = (origin: string) => origins.filter((other) => other === origin).length
    return [...new Set(origins)].filter((origin) => count(origin) >= perOrigin)
  }

  /** @returns Whether something was due. */
  const startNext = async (): Promise<boolean> => {
    const delivery = await claimDelivery(database, leaseMs, busyOrigins(), now?.())
    if (delivery === undefined) return false
    const running = attemptDelivery(delivery, attempt)
      .catch(complain)
      .finally(() => {
        inFlight.delete(running)
        wake()
      })
    inFlight.set(running, delivery.origin)
    return true
  }

  const run = async () => {
    while (!stopping) {
      bell = newBell() // before the look: what is written meanwhile is not missed
      const more =
        inFlight.size < concurrency &&
        (await startNext().catch((thrown) => {
          complain(thrown)
          return false
        }))
      if (!more && !stopping) await rung(bell.rung, pollMs)
    }
  }
  const loop = run()

  const stop = async (drainMs = 10_000) => {
    stopping = true
    wake()
    await loop
    const timer = setTimeout(() => breakOff.abort(), drainMs)
    await Promise.all(inFlight.keys())
    clearTimeout(timer)
  }
  return Object.freeze({ wake, stop })
}

function newBell(): { readonly rung: Promise<void>; readonly ring: () => void } {
  let ring = (): void => undefined
  const rung = new Promise<void>((resolve) => {
    ring = resolve
  })
  return { rung, ring }
}

async function rung(bell: Promise<void>, timeoutMs: number): Promise<void> {
  const timer = new AbortController()
  const timeout = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)
  await Promise.race([bell, timeout])
  timer.abort()
}
