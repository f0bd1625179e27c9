/** Whether records in their order are one chain; the same for a database and for an export. @module */

import type { AuditHead, AuditVerification } from './audit.ts'
import { readBody } from './body.ts'
import { chainHash } from './canonical.ts'
import { FIRST_HASH } from './tables.ts'

/** What can be wrong with a chain. The words are stable: alerts and documents name them. */
export type ChainFault =
  | 'sequence out of range'
  | 'record missing'
  | 'record doubled'
  | 'body not canonical'
  | 'sequence differs from body'
  | 'time differs from body'
  | 'kind differs from body'
  | 'actor differs from body'
  | 'previous hash differs'
  | 'hash differs'
  | 'time goes back'
  | 'request index differs'
  | 'anchor differs'
  | 'head missing'
  | 'head differs'
  | 'head time differs'
  | 'records end before the head'
  | 'records after the head'
  | 'records end before an anchor'
  | 'line not a record' // of an export

/** A fault and the sequence that has it, or would have had it. */
export type ChainBreak = { readonly sequence: number; readonly reason: ChainFault }

/** One record as it was found, column by column. */
export type ChainRow = {
  readonly sequence: number
  readonly at: number
  readonly kind: string
  readonly actor: string
  readonly body: string
  readonly previousHash: string
  readonly hash: string
  /** What the index of requests says, in any order; absent where there is no index. */
  readonly indexed?: readonly string[]
}

/** See `createChainCheck`. */
export type ChainCheck = {
  /** The last record that was right, or where the check began. */
  readonly last: () => AuditHead
  /** Records that were right. */
  readonly verified: () => number
  /** Takes the next record; stop at the first fault. */
  readonly next: (row: ChainRow) => ChainBreak | undefined
  /** After the last record: whether it is the one that the head and the anchors tell of. */
  readonly end: (head: AuditHead & { readonly at?: number }) => ChainBreak | undefined
}

/**
 * @param options.after - A place in the chain that is known to be right; the start by default. Anchors
 *   up to there are taken as compared.
 * @param options.anchors - What was the head at some time, kept outside. All must agree.
 */
export function createChainCheck(
  options: { readonly after?: AuditHead; readonly anchors?: readonly AuditHead[] } = {},
): ChainCheck {
  const { after = { sequence: 0, hash: FIRST_HASH } } = options
  const anchors = bySequence(options.anchors ?? [])
  const beyond = [...anchors.keys()].reduce((most, sequence) => Math.max(most, sequence), 0)
  let last = after
  let lastAt: number | undefined
  let verified = 0

  const faultOf = (row: ChainRow): ChainFault | undefined => {
    const body = readBody(row.body)
    if (body === undefined) return 'body not canonical'
    if (body.sequence !== row.sequence) return 'sequence differs from body'
    if (body.at !== row.at) return 'time differs from body'
    if (body.kind !== row.kind) return 'kind differs from body'
    if (body.actor !== row.actor) return 'actor differs from body'
    if (row.previousHash !== last.hash) return 'previous hash differs'
    if (row.hash !== chainHash(row.previousHash, row.body)) return 'hash differs'
    if (lastAt !== undefined && row.at < lastAt) return 'time goes back'
    if (row.indexed !== undefined && !sameMembers(row.indexed, body.requestIds))
      return 'request index differs'
    if (anchors.get(row.sequence)?.some((hash) => hash !== row.hash)) return 'anchor differs'
    return undefined
  }

  return Object.freeze({
    last: () => last,
    verified: () => verified,
    next(row: ChainRow) {
      const expected = last.sequence + 1
      if (row.sequence > expected) return { sequence: expected, reason: 'record missing' as const }
      if (row.sequence < expected)
        return { sequence: row.sequence, reason: 'record doubled' as const }
      const reason = faultOf(row)
      if (reason !== undefined) return { sequence: row.sequence, reason }
      last = { sequence: row.sequence, hash: row.hash }
      lastAt = row.at
      verified += 1
      return undefined
    },
    end(head: AuditHead & { readonly at?: number }) {
      const { sequence } = last
      const missing = sequence + 1
      if (head.sequence > sequence)
        return { sequence: missing, reason: 'records end before the head' as const }
      // Fewer than there were where the check began.
      if (head.sequence < sequence)
        return { sequence: head.sequence + 1, reason: 'records end before an anchor' as const }
      if (head.hash !== last.hash) return { sequence, reason: 'head differs' as const }
      if (head.at !== undefined && lastAt !== undefined && head.at !== lastAt)
        return { sequence, reason: 'head time differs' as const }
      if (beyond > sequence)
        return { sequence: missing, reason: 'records end before an anchor' as const }
      return undefined
    },
  })
}

/** The outcome, once all was read or the first fault was met. */
export function verificationOf(
  check: ChainCheck,
  { sequence, hash }: AuditHead,
  broken: ChainBreak | undefined,
): AuditVerification {
  const verified = check.verified()
  const head = { sequence, hash }
  return broken === undefined
    ? { intact: true, verified, head }
    : { intact: false, verified, head, broken }
}

/** Two anchors of one sequence may both be there; if they differ one of them does from the chain. */
function bySequence(anchors: readonly AuditHead[]): ReadonlyMap<number, readonly string[]> {
  const all = new Map<number, string[]>()
  for (const { sequence, hash } of anchors) {
    const others = all.get(sequence)
    if (others === undefined) all.set(sequence, [hash])
    else if (!others.includes(hash)) others.push(hash)
  }
  return all
}

const sameMembers = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify([...one].sort()) === JSON.stringify([...other].sort())
