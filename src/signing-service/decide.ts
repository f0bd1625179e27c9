/** Whether a message may be signed: key, policy and ledger are asked, in this order. @module */

import { hashMessage } from '../crypto/hash.ts'
import { bytesToHex } from '../crypto/hex.ts'
import type { DecodedMessage } from '../crypto/message-decoding.ts'
import { payloadMessage, type TransactionPayload } from '../crypto/transaction.ts'
import { withDeadline } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { askRule, policyFailed } from '../policy/ask-rule.ts'
import { assertAllowed, type ReadyKey } from './keys.ts'
import type { LedgerDecision } from './ledger/ledger.ts'
import type { ReadyOptions } from './options.ts'

/** Who asks for what. */
export type Asked = {
  readonly key: ReadyKey
  readonly decoded: DecodedMessage
  readonly approvals: readonly string[]
  readonly caller: string | undefined
  readonly signal: AbortSignal
}

/**
 * Returns when it may be signed.
 *
 * @returns Whether the ledger knew it already; `undefined` where none was asked.
 * @throws {SignerError} `SIGNING_DENIED`, `POLICY_REFUSED`, `POLICY_FAILED`, `LEDGER_CONFLICT`,
 * `LEDGER_BUDGET_SPENT`, `LEDGER_UNAVAILABLE`; what the policy threw, where that is a passing fault.
 */
export async function decide(options: ReadyOptions, asked: Asked): Promise<boolean | undefined> {
  const { key, decoded } = asked
  assertAllowed(key, decoded)
  switch (decoded.kind) {
    case 'payload':
    case 'envelope':
      await askPolicy(options, asked, decoded)
      return await askLedger(options, decoded.payload, asked.signal)
    case 'userMessage':
      await askUserRule(asked, decoded.content)
      return undefined
    case 'accountProof':
      return undefined // the app identifier was all there is to look at
  }
}

const caller = ({ caller: name }: Asked) => (name === undefined ? {} : { caller: name })

async function askPolicy(
  { policy }: ReadyOptions,
  asked: Asked,
  { kind: part, payload }: Extract<DecodedMessage, { readonly payload: TransactionPayload }>,
): Promise<void> {
  if (policy === undefined) throw policyFailed('there is none')
  const { key, approvals } = asked
  const context = { key: key.name, part, approvals, ...caller(asked) }
  await askRule(() => policy(payload, context), onlyUndefined)
}

async function askUserRule(asked: Asked, content: Uint8Array): Promise<void> {
  const { userMessages: rule, name } = asked.key
  if (typeof rule === 'function')
    await askRule(() => rule(content, { key: name, ...caller(asked) }), onlyUndefined)
}

function onlyUndefined(said: unknown): void {
  if (said !== undefined) throw policyFailed('it returned something, and only undefined allows')
}

async function askLedger(
  { ledger, chargesOf, holdMs, ledgerTimeoutMs }: ReadyOptions,
  payload: TransactionPayload,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  if (ledger === undefined) return undefined
  const { address, keyIndex, sequenceNumber } = payload.proposalKey
  const charges = chargesOf(payload)
  const payloadHash = bytesToHex(hashMessage(payloadMessage(payload), 'SHA3_256'))
  const claim = { address, keyIndex, sequenceNumber, payloadHash, holdMs, charges }
  const onTimeout = () => unavailable(`it did not answer within ${ledgerTimeoutMs} ms`)
  let said: LedgerDecision
  try {
    said = await withDeadline({ timeoutMs: ledgerTimeoutMs, onTimeout, signal }, (inner) =>
      ledger.claim(claim, { signal: inner }),
    )
  } catch (thrown) {
    if (isSignerError(thrown, 'LEDGER_UNAVAILABLE') || signal.aborted) throw thrown
    throw unavailable('it threw', thrown)
  }
  switch (said?.decision) {
    case 'granted':
      return false
    case 'replayed':
      return true
    case 'conflict':
      throw new SignerError('LEDGER_CONFLICT', {
        address,
        keyIndex,
        sequenceNumber: String(sequenceNumber),
      })
    case 'spent':
      throw new SignerError('LEDGER_BUDGET_SPENT', { budget: said.budget })
    default:
      throw unavailable('it answered with no decision')
  }
}

const unavailable = (reason: string, cause?: unknown) =>
  new SignerError('LEDGER_UNAVAILABLE', { reason }, { cause })
