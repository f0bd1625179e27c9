/** Requests as the API shows them. @module */

import type { Principal } from '../access/principal.ts'
import { counts, findQuorum, NEEDED_WEIGHT, type WeightedKey } from '../approvals/quorum.ts'
import type { Registry } from '../functions/registry.ts'
import { type ApprovalRow, type RequestRow, toStanding } from './rows.ts'

/** Shapes are those of http/schemas/. */
export type RequestView = ReturnType<typeof viewRequest>

/** What a view is made with. */
export type ViewFacts = {
  readonly registry: Registry
  readonly keys: readonly WeightedKey[]
  readonly principal: Principal
  /** Milliseconds since 1970, by the database's clock. */
  readonly now: number
}

const open: ReadonlySet<string> = new Set(['waiting', 'ready', 'released'])

/** One request, as this principal sees it now. */
export function viewRequest(
  row: RequestRow,
  approvals: readonly ApprovalRow[],
  { registry, keys, principal, now }: ViewFacts,
) {
  const { id, requester, digest, state } = row
  const standing = approvals.map(toStanding)
  const quorum = findQuorum({ keys, approvals: standing, requester, digest, now })
  const isOpen = open.has(state) && row.decidedAt === null
  const mine = approvals.find(
    (one) => one.approver === principal.name && counts(toStanding(one), { requester, digest, now }),
  )
  const stands = keys.some(
    ({ rule }) => rule !== 'automatic' && rule.approvers.includes(principal.name),
  )
  const isApprover = principal.roles.has('approver') && stands
  return {
    id,
    function: row.function,
    title: registry.byName(row.function)?.template.title ?? row.function,
    state,
    reason: row.reasonCode === null ? null : { code: row.reasonCode, detail: row.reason ?? '' },
    requester,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    digest,
    amount: row.amount,
    items: { count: row.itemCount, done: row.doneCount, failed: row.failedCount },
    quorum: {
      weight: quorum.weight,
      needed: NEEDED_WEIGHT,
      met: quorum.met,
      keys: quorum.keys.map(({ keyIndex, weight, revoked, rule, met }) => ({
        index: keyIndex,
        weight,
        revoked,
        rule: rule === 'automatic' ? rule : { approvers: [...rule.approvers] },
        met,
      })),
    },
    approvals: approvals.map((one) => ({
      approver: one.approver,
      at: one.createdAt.toISOString(),
      expiresAt: one.expiresAt.toISOString(),
      withdrawnAt: one.withdrawnAt?.toISOString() ?? null,
      counts: counts(toStanding(one), { requester, digest, now }),
    })),
    mine: {
      canApprove: isOpen && isApprover && requester !== principal.name && mine === undefined,
      hasApproved: mine !== undefined,
      canWithdraw: isOpen && mine !== undefined,
      canCancel:
        open.has(state) && (requester === principal.name || principal.roles.has('operator')),
    },
  }
}
