/** The trace of one transaction: a span for it, and one within it for each stage. @module */

import type { Attributes, Link, Span } from '@opentelemetry/api'
import type { RelayEvent } from '../relay/events.ts'
import { createBoundedMap } from './bounded-map.ts'
import { hostLabel } from './labels.ts'
import type { SignatureSpans } from './signature-spans.ts'
import type { SpanWriter } from './span-writer.ts'

type Of<K extends RelayEvent['kind']> = Extract<RelayEvent, { readonly kind: K }>
type Outcome = Extract<RelayEvent, { readonly kind: 'executed' | 'sealed' }>

/** Traces transactions. */
export type TransactionSpans = {
  readonly onSigned: (event: Of<'signed'>) => void
  readonly onSent: (event: Of<'sent'>) => void
  readonly onOutcome: (event: Outcome) => void
  readonly onDead: (event: Of<'dead'>) => void
  readonly onCopied: (event: Of<'copied'>) => void
  readonly close: () => void
}

/** Job ids and links of one span, so that a batch of hundreds stays small. */
const MAX_NAMED = 20

/** Times are milliseconds since 1970. */
type Open = {
  readonly span: Span
  readonly signedAt: number
  takenAt: number | undefined
  executedAt: number | undefined
}

/**
 * @param maxOpen - Transactions remembered at most; the oldest is ended to make room.
 * @param linksOf - To what asked for these jobs.
 */
export function createTransactionSpans(
  writer: SpanWriter,
  signatures: SignatureSpans,
  maxOpen: number,
  linksOf: (jobIds: readonly string[]) => Link[],
): TransactionSpans {
  const { start, write, end, within } = writer
  const giveUp = ({ span }: Open) => {
    span.setAttribute('fcl_kms.unfinished', true)
    end(span, Date.now())
  }
  const open = createBoundedMap<string, Open>(maxOpen, giveUp)

  function begin(transactionId: string, from: number, more: Attributes, jobIds: readonly string[]) {
    const attributes: Attributes = { 'flow.transaction.id': transactionId, ...more }
    if (jobIds.length > 0) {
      attributes['fcl_kms.job.count'] = jobIds.length
      attributes['fcl_kms.job.ids'] = jobIds.slice(0, MAX_NAMED)
    }
    const links = linksOf(jobIds.slice(0, MAX_NAMED))
    return start('flow transaction', from, { attributes, links })
  }

  /** Of a transaction that another process signed, or that was forgotten: from what is known. */
  function late(transactionId: string, signedAt: number, jobIds: readonly string[]): Open {
    const span = begin(transactionId, signedAt, { 'fcl_kms.partial': true }, jobIds)
    return { span, signedAt, takenAt: undefined, executedAt: undefined }
  }

  return {
    onSigned(event) {
      const { transactionId, jobIds, keyIndex, sequenceNumber, queuedMs, waitedMs, signMs } = event
      const now = Date.now()
      const signing = now - signMs
      const leasing = signing - waitedMs
      const stored = leasing - queuedMs
      const span = begin(
        transactionId,
        stored,
        {
          'flow.proposal_key.index': keyIndex,
          'flow.proposal_key.sequence_number': Number(sequenceNumber),
          'flow.compute_limit': event.computeLimit,
        },
        jobIds,
      )
      const parent = within(span)
      write({ name: 'queued', from: stored, to: leasing }, parent)
      write({ name: 'leased', from: leasing, to: signing }, parent)
      const inSigning = write({ name: 'signed', from: signing, to: now }, parent)
      signatures.adopt(event, signing, inSigning)
      open.set(transactionId, { span, signedAt: now, takenAt: undefined, executedAt: undefined })
    },
    onSent({ transactionId, accessNode, verdict, attempt, sendMs }) {
      const found = open.get(transactionId)
      if (found === undefined) return // a late reply, or what another process signed
      const now = Date.now()
      const attributes = {
        'server.address': hostLabel(accessNode),
        'fcl_kms.send.verdict': verdict,
        'fcl_kms.send.attempt': attempt,
      }
      const failure = verdict === 'taken' ? undefined : verdict
      const times = { from: now - sendMs, to: now }
      write({ name: 'sent', ...times, attributes, client: true, failure }, within(found.span))
      if (verdict === 'taken') found.takenAt ??= now
    },
    onOutcome({ kind, transactionId, jobIds, height, failed, errorCodes, sinceSignedMs }) {
      const now = Date.now()
      const found = open.get(transactionId) ?? late(transactionId, now - sinceSignedMs, jobIds)
      const { span, signedAt, takenAt, executedAt } = found
      const attributes = { 'flow.block.height': height }
      const from = executedAt ?? takenAt ?? signedAt
      if (kind === 'sealed' || executedAt === undefined)
        write({ name: kind, from, to: now, attributes }, within(span))
      span.setAttributes({ ...attributes, 'flow.error_codes': [...errorCodes] })
      if (kind === 'executed') {
        found.executedAt ??= now
        return open.set(transactionId, found)
      }
      open.take(transactionId)
      const codes = errorCodes.length === 0 ? 'failed' : `error code ${errorCodes.join(', ')}`
      end(span, now, failed ? codes : undefined)
    },
    onDead({ transactionId, reason }) {
      const now = Date.now()
      const { span } = open.take(transactionId) ?? late(transactionId, now, [])
      end(span, now, reason === 'expired' ? 'expired' : 'refused') // a node's own words stay out
    },
    onCopied({ transactionId, copyId }) {
      const attributes = copyId === null ? {} : { 'flow.transaction.copy_id': copyId }
      open.get(transactionId)?.span.addEvent('copied', attributes)
    },
    close() {
      for (const one of open.drain()) giveUp(one)
    },
  }
}
