/** Webhook signatures, as the Standard Webhooks specification has them. @module */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { AdminError } from '../errors.ts'

const LEAST_SECRET_BYTES = 32
const MAX_SIGNATURES = 8

/**
 * @param secret - `whsec_` and base64, or any text, whose UTF-8 bytes are the key. A receiver with
 * a library of the specification writes the second kind as `whsec_` and the base64 of those bytes.
 * @returns At least 32 bytes.
 * @throws {AdminError} `CONFIGURATION_INVALID` for fewer; it does not say what was given.
 */
export function webhookKey(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64')
  if (key.length < LEAST_SECRET_BYTES)
    throw new AdminError('CONFIGURATION_INVALID', {
      field: 'WEBHOOK_SECRET',
      leastBytes: LEAST_SECRET_BYTES,
    })
  return key
}

/**
 * HMAC-SHA256 over id, time and body: none of them can be changed, or sent again later as new.
 *
 * @param key - From `webhookKey`.
 * @param message.seconds - Of this attempt, since 1970.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook(
  key: Uint8Array,
  message: { readonly id: string; readonly seconds: number; readonly body: string },
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const { id, seconds, body } = message
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${macOf(key, id, String(seconds), body).toString('base64')}`,
  }
}

/** Headers as `node:http` and Fastify give them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * For receivers. Constant time for a signature of the right length. A true answer does not say that
 * it is the first delivery: remember each `Webhook-Id`, since delivery is at least once.
 *
 * @param body - The bytes as they arrived, before any parsing.
 * @param options.toleranceSeconds - How far the time may be off, both ways. Default 300.
 * @param options.now - Milliseconds since 1970.
 * @throws {AdminError} `CONFIGURATION_INVALID` for a secret below 32 bytes.
 */
export function verifyWebhook(
  secret: string,
  headers: WebhookHeaders,
  body: string | Uint8Array,
  options: { readonly toleranceSeconds?: number; readonly now?: () => number } = {},
): boolean {
  const { toleranceSeconds = 300, now = Date.now } = options
  const key = webhookKey(secret)
  const id = only(headers, 'webhook-id')
  const timestamp = only(headers, 'webhook-timestamp')
  const signatures = only(headers, 'webhook-signature')?.split(' ') ?? []
  if (!id || !timestamp || !/^[0-9]{1,12}$/.test(timestamp)) return false
  if (!(Math.abs(now() / 1_000 - Number(timestamp)) <= toleranceSeconds)) return false
  const expected = macOf(key, id, timestamp, body)
  let matches = false
  for (const signature of signatures.slice(0, MAX_SIGNATURES)) {
    const base64 = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(signature)?.[1]
    if (base64 === undefined) continue
    if (timingSafeEqual(Buffer.from(base64, 'base64'), expected)) matches = true
  }
  return matches
}

const macOf = (key: Uint8Array, id: string, timestamp: string, body: string | Uint8Array) =>
  createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()

/** A header that came twice is no header: which one was meant would be a guess. */
function only(headers: WebhookHeaders, name: string): string | undefined {
  const found = Object.entries(headers).filter(([key]) => key.toLowerCase() === name)
  const value = found[0]?.[1]
  return found.length === 1 && typeof value === 'string' ? value : undefined
}
