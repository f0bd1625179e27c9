/** A span for each request to a signer, put into the trace of the transaction that it was for. @module */

import type { Context } from '@opentelemetry/api'
import type { SignEvent } from '../authorizer/observer.ts'
import { createBoundedMap } from './bounded-map.ts'
import type { OpenTelemetryApi, SpanWriter, WholeSpan } from './span-writer.ts'

/** Writes them. */
export type SignatureSpans = {
  readonly onSign: (event: SignEvent) => void
  /** From now on a relay tells which transaction a signature was for, once that is stored. */
  readonly expectSigned: () => void
  /** Writes those of one transaction within its own signing. */
  readonly adopt: (proposalKey: ProposalKey, from: number, parent: Context) => void
  readonly close: () => void
}

type ProposalKey = { readonly keyIndex: number; readonly sequenceNumber: string }

/** Transactions whose signatures are kept until they are stored, and signatures of each. */
const MAX_WAITING = 1_000
const MAX_EACH = 20
/** The two clocks that a span's beginning comes from may differ by this, in milliseconds. */
const TOLERANCE_MS = 50

/** @param address - When given, signatures for other proposers do not wait for a relay. */
export function createSignatureSpans(
  { context, trace, ROOT_CONTEXT }: OpenTelemetryApi,
  { write }: SpanWriter,
  address: string | undefined,
): SignatureSpans {
  let expected = false
  const writeAll = (spans: readonly WholeSpan[]) => {
    for (const span of spans) write(span, ROOT_CONTEXT)
  }
  const waiting = createBoundedMap<string, readonly WholeSpan[]>(MAX_WAITING, writeAll)
  const keyOf = ({ keyIndex, sequenceNumber }: ProposalKey) => `${keyIndex}/${sequenceNumber}`

  return {
    onSign(event) {
      const span = spanOf(event, Date.now())
      const active = context.active()
      const proposal = event.kind === 'transaction' ? event.transaction.proposalKey : undefined
      const isOurs = address === undefined || proposal?.address === address
      const mayWait =
        expected && event.errorCode === undefined && trace.getSpan(active) === undefined
      if (proposal === undefined || !isOurs || !mayWait) return void write(span, active)
      const key = keyOf(proposal)
      const others = waiting.get(key) ?? []
      if (others.length >= MAX_EACH) write(span, ROOT_CONTEXT)
      else waiting.set(key, [...others, span])
    },
    expectSigned() {
      expected = true
    },
    adopt(proposalKey, from, parent) {
      // An earlier one was for a transaction that was never stored, with the same number.
      for (const span of waiting.take(keyOf(proposalKey)) ?? [])
        write(span, span.from >= from - TOLERANCE_MS ? parent : ROOT_CONTEXT)
    },
    close() {
      for (const spans of waiting.drain()) writeAll(spans)
    },
  }
}

function spanOf(event: SignEvent, now: number): WholeSpan {
  const { kind, signerId, requestId, attempts, address, keyIndex, durationMs, errorCode } = event
  const attributes = {
    'fcl_kms.signature.kind': kind,
    'fcl_kms.signer.id': signerId,
    'fcl_kms.signer.attempts': attempts,
    'flow.account.address': address,
    'flow.account_key.index': keyIndex,
    ...(requestId === undefined ? {} : { 'aws.request_id': requestId }),
    ...(errorCode === undefined ? {} : { 'error.type': errorCode }),
  }
  const times = { from: now - durationMs, to: now }
  return { name: 'signature', ...times, attributes, client: true, failure: errorCode }
}
