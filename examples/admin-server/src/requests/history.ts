/** What happened to a request, from the audit trail. @module */

import type { AuditRecord } from '../audit/audit.ts'
import type { RequestContext } from './context.ts'

/** Records that one answer holds at most; the audit trail has all. */
const MAX_RECORDS = 1_000

/** Oldest first; attempts are the transactions that were signed for it. */
export async function readHistory({ audit }: Pick<RequestContext, 'audit'>, requestId: string) {
  const records = await audit.list({ requestId, limit: MAX_RECORDS })
  return {
    timeline: records.map(({ sequence, at, kind, actor, facts }) => ({
      sequence,
      at: new Date(at).toISOString(),
      kind,
      actor,
      facts: ofRequest(facts, requestId),
    })),
    attempts: attemptsOf(records, requestId),
  }
}

/** A batch serves others too: their jobs are not this reader's business. */
function ofRequest(facts: AuditRecord['facts'], requestId: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => {
      if (name === 'jobIds') return [name, listOf(value).filter(isOf(requestId))]
      if (name === 'met') return [name, objectOf(value)[requestId] ?? []]
      if (name !== 'reasons' || typeof value !== 'object' || value === null) return [name, value]
      const reasons = Object.entries(value).filter(([id]) => isOf(requestId)(id))
      return [name, Object.fromEntries(reasons)]
    }),
  )
}

function attemptsOf(records: readonly AuditRecord[], requestId: string) {
  const ofKind = (kind: AuditRecord['kind']) => records.filter((record) => record.kind === kind)
  const outcomes = new Map(
    ofKind('outcome').map(({ facts }) => [textOf(facts['transactionId']), textOf(facts['state'])]),
  )
  return ofKind('send').map(({ facts }) => {
    const transactionId = textOf(facts['transactionId'])
    const proposalKey = objectOf(facts['proposalKey'])
    return {
      transactionId,
      keyIndex: Number(proposalKey['keyIndex'] ?? 0),
      sequenceNumber: textOf(proposalKey['sequenceNumber']),
      state: outcomes.get(transactionId) ?? 'sent',
      items: listOf(facts['jobIds']).filter(isOf(requestId)).length,
      signatures: ofKind('signature')
        .filter((record) => record.facts['transactionId'] === transactionId)
        .map(({ at, facts: signature }) => ({
          keyIndex: Number(signature['keyIndex'] ?? 0),
          key: textOf(signature['kmsKeyId'] ?? signature['signerId']),
          kmsRequestId:
            typeof signature['kmsRequestId'] === 'string' ? signature['kmsRequestId'] : null,
          at: new Date(at).toISOString(),
        })),
    }
  })
}

const isOf = (requestId: string) => (jobId: unknown) =>
  typeof jobId === 'string' && jobId.startsWith(`${requestId}-`)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
