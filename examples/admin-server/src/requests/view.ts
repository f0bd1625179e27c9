/** Requests as the API shows them. @module */

import type { Principal } from '../access/principal.ts'
import { counts, NEEDED_WEIGHT, standingKeys, type WeightedKey } from '../approvals/quorum.ts'
import type { Registry } from '../functions/registry.ts'
import { type Decided, quorumOf, standingAt } from './decided.ts'
import type { ApprovalRow, RequestRow } from './rows.ts'

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

/** What is read for those that were asked for before. */
export type ViewMore = {
  readonly decided?: Decided | undefined
  /** The title of the first item, such as `Mint "Ticket 7" for 0x01cf0e2f2f715450`. */
  readonly about?: string | undefined
}

/**
 * One request, as this principal sees it.
 *
 * @param more - What was decided is shown as it was decided.
 */
export function viewRequest(
  row: RequestRow,
  approvals: readonly ApprovalRow[],
  { registry, keys, principal, now }: ViewFacts,
  { decided, about }: ViewMore = {},
) {
  const { id, requester, digest, state } = row
  const { quorum, at } = quorumOf(row, approvals, decided, keys, now)
  const counted = (one: ApprovalRow) => counts(standingAt(one, at), { requester, digest, now: at })
  const isOpen = open.has(state) && row.decidedAt === null
  const mine = approvals.find((one) => one.approver === principal.name && counted(one))
  const stands = keys.some(
    ({ rule }) => rule !== 'automatic' && rule.approvers.includes(principal.name),
  )
  const isApprover = principal.roles.has('approver') && stands
  return {
    id,
    function: row.function,
    title: registry.byName(row.function)?.template.title ?? row.function,
    ...(about === undefined ? {} : { about }),
    state,
    reason: row.reasonCode === null ? null : { code: row.reasonCode, detail: row.reason ?? '' },
    requester,
    idempotencyKey: row.idempotencyKey,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    digest,
    amount: row.amount,
    items: { count: row.itemCount, done: row.doneCount, failed: row.failedCount },
    quorum: {
      weight: quorum.weight,
      needed: NEEDED_WEIGHT,
      met: quorum.met,
      keys: standingKeys(quorum.keys).map(({ keyIndex, weight, revoked, rule, met }) => ({
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
      withdrawnAt: withdrawnAt(one)?.toISOString() ?? null,
      counts: counted(one),
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

/** One that had expired when another took its place was not withdrawn by anybody. */
const withdrawnAt = ({ withdrawnAt: at, expiresAt }: ApprovalRow): Date | null =>
  at === null || at >= expiresAt ? null : at
