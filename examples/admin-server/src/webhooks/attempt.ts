/** One attempt at one claimed delivery, and what follows from it. @module */

import type { Audit } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { isAdminError } from '../errors.ts'
import { assertWebhookUrl } from './address-guard.ts'
import { type ClaimedDelivery, type Settlement, settleDelivery } from './delivery-rows.ts'
import { type PostErrorCode, type PostOptions, postWebhook } from './post.ts'
import { signWebhook } from './signature.ts'

/** Why a delivery is not made yet, or not at all. */
export type DeliveryErrorCode =
  | PostErrorCode
  | 'ORIGIN_NOT_ALLOWED' // it was, when the request was accepted
  | 'ABANDONED' // the process died in the last attempt

/** Part of a pino logger. */
export type WebhookLog = {
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void
}

/** Pauses grow threefold from `firstMs` to `lastMs`, each by up to half at random shorter. */
export type RetryPlan = {
  readonly firstMs: number
  readonly lastMs: number
  readonly attempts: number
}

/** 1 s to 1 h, 12 attempts: given up after about four hours. */
export const defaultRetryPlan: RetryPlan = { firstMs: 1_000, lastMs: 3_600_000, attempts: 12 }

/** @param attempts - That have failed, from 1. @param random - 0 to 1. @returns Milliseconds. */
export const retryPauseMs = (plan: RetryPlan, attempts: number, random: number): number =>
  Math.min(plan.firstMs * 3 ** (attempts - 1), plan.lastMs) * (1 - random / 2)

/** What an attempt needs. */
export type AttemptOptions = {
  readonly database: Database
  readonly audit: Pick<Audit, 'append'>
  /** Origins, from `webhooks.allow`: as they are now, not as they were. */
  readonly allow: readonly string[]
  /** From `webhookKey`. */
  readonly key: Uint8Array
  readonly log?: WebhookLog | undefined
  readonly retry: RetryPlan
  readonly post: PostOptions
  /** Milliseconds since 1970; without it the database's clock. */
  readonly now?: (() => number) | undefined
  /** 0 to 1. */
  readonly random: () => number
}

/**
 * Sends, and writes down what came of it, with the audit record when it is the last word. At least
 * once: when that commit fails, the lease ends and it is sent again, under the same id.
 *
 * @throws {AdminError} As `Database.transaction`.
 */
export async function attemptDelivery(
  delivery: ClaimedDelivery,
  options: AttemptOptions,
): Promise<void> {
  const settlement = settlementOf(delivery, await send(delivery, options), options)
  const { database, audit, now, log } = options
  const { id, requestId, state, origin, attempts } = delivery
  const { to, status = null, errorCode = null } = settlement
  const facts = { deliveryId: id, state, origin, attempts, status, errorCode, result: to }
  const settled = await database.transaction(async (session) => {
    const mine = await settleDelivery(session, delivery, settlement, now?.())
    if (mine && (to === 'delivered' || to === 'given-up'))
      await audit.append(session, [
        { kind: 'webhook', actor: 'server', requestIds: [requestId], facts },
      ])
    return mine
  })
  if (settled && to !== 'delivered') log?.warn({ ...facts, requestId }, 'webhook not delivered')
}

type SendOutcome = { readonly status?: number; readonly errorCode?: DeliveryErrorCode }

async function send(delivery: ClaimedDelivery, options: AttemptOptions): Promise<SendOutcome> {
  const { id, body, attempts, claimedAt } = delivery
  if (attempts > options.retry.attempts) return { errorCode: 'ABANDONED' }
  const url = stillAllowed(delivery.url, options.allow)
  if (url === undefined) return { errorCode: 'ORIGIN_NOT_ALLOWED' }
  const seconds = Math.floor(claimedAt.getTime() / 1_000)
  const headers = signWebhook(options.key, { id, seconds, body })
  return postWebhook({ url, headers, body }, options.post)
}

function stillAllowed(url: string, allow: readonly string[]): string | undefined {
  try {
    return assertWebhookUrl(url, allow)
  } catch (thrown) {
    if (isAdminError(thrown, 'INVALID_REQUEST')) return undefined
    throw thrown
  }
}

/** An origin off the list is tried again like any failure: a list mended in time loses nothing. */
function settlementOf(
  { attempts }: ClaimedDelivery,
  outcome: SendOutcome,
  { retry, random }: AttemptOptions,
): Settlement {
  const { errorCode } = outcome
  if (errorCode === undefined) return { ...outcome, to: 'delivered' }
  if (errorCode === 'STOPPED') return { ...outcome, to: 'handed-back' }
  if (attempts >= retry.attempts) return { ...outcome, to: 'given-up' }
  return { ...outcome, to: 'again', afterMs: retryPauseMs(retry, attempts, random()) }
}
