/** The body of a webhook: that a request is over, and where to look further. @module */

/** States in which a request stays. */
export type FinalState = 'done' | 'partly-failed' | 'failed' | 'cancelled' | 'expired'

/** What a receiver gets, as JSON. */
export type WebhookPayload = {
  /** `request.` and the state. */
  readonly type: `request.${FinalState}`
  readonly requestId: string
  /** Name of the function, such as `mint`. */
  readonly function: string
  readonly state: FinalState
  readonly items: { readonly count: number; readonly done: number; readonly failed: number }
  /** Each once, the first 100 at most; the API has all. */
  readonly transactionIds: readonly string[]
  /** ISO 8601, UTC. */
  readonly occurredAt: string
}

const MAX_TRANSACTION_IDS = 100

/**
 * Takes field by field what the receiver may know, so that an object which carries more (names,
 * arguments, reasons) does not leak it.
 *
 * @param over.occurredAt - When the request became final.
 * @returns JSON text, below 16 KiB.
 */
export function webhookBody(over: {
  readonly requestId: string
  readonly function: string
  readonly state: FinalState
  readonly items: WebhookPayload['items']
  /** 64 digits each. */
  readonly transactionIds: readonly string[]
  readonly occurredAt: Date
}): string {
  const { count, done, failed } = over.items
  const payload: WebhookPayload = {
    type: `request.${over.state}`,
    requestId: over.requestId,
    function: over.function,
    state: over.state,
    items: { count, done, failed },
    transactionIds: [...new Set(over.transactionIds)].slice(0, MAX_TRANSACTION_IDS),
    occurredAt: over.occurredAt.toISOString(),
  }
  return JSON.stringify(payload)
}
