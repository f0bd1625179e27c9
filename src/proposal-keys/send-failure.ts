/** What the error with which FCL rejected proves of the transaction that it sent. @module */

import { transactionId } from '../crypto/transaction.ts'
import { property } from '../flow/event-field.ts'
import { refusalOf } from '../flow/refusals.ts'
import { readRestTransaction } from '../flow/rest-transaction.ts'

/**
 * What a validator finds in the payload, as it stands: every node finds it in every copy of the
 * transaction, whoever sends it, whenever and under whatever signatures. Of nothing else is that so:
 * one that expired may have been taken before, and who has one with a signature too many can take that
 * away.
 */
const ofPayload =
  /^(?:Invalid Flow argument: invalid transaction: |Invalid Flow request: )?(?:failed to parse transaction Cadence script: |transaction (?:gas|compute) limit \(|invalid address: |too many (?:arguments|authorizers)\. |script not provided$)/

/** FCL tells what it sent on a line of its message, as JSON, in which no line ends. */
const sentBody = /^ *requestBody=(.*)$/gm

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : '')

/**
 * @param thrown - What `fcl.mutate` rejected with.
 * @returns The id of the transaction, when no node can ever take it; else `undefined`.
 */
export function neverTaken(thrown: unknown): string | undefined {
  const [status, message] = [property(thrown, 'statusCode'), property(thrown, 'errorMessage')]
  if (typeof status !== 'number' || typeof message !== 'string') return undefined
  if (refusalOf(status, message) !== 'invalid' || !ofPayload.test(message)) return undefined
  const [body, ...more] = [...messageOf(thrown).matchAll(sentBody)].map(([, text]) => text)
  if (body === undefined || more.length > 0) return undefined // the node's words may have lines, too
  try {
    return transactionId(readRestTransaction(body))
  } catch {
    return undefined // it tells of no transaction
  }
}
