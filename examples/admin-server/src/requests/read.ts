/** Reading requests: lists, one, its items, and what will be signed. @module */

import type { Principal } from '../access/principal.ts'
import type { WeightedKey } from '../approvals/quorum.ts'
import { AdminError } from '../errors.ts'
import { readAbouts } from './about.ts'
import type { RequestContext } from './context.ts'
import { readDecided } from './decided.ts'
import { databaseNow, type RequestRow, readApprovals, requestColumns } from './rows.ts'
import { type RequestView, type ViewFacts, viewRequest } from './view.ts'

/** What a list is narrowed to. */
export type RequestQuery = {
  readonly functionName?: string
  readonly state?: string
  readonly requester?: string
  /** Part of a name, an address or an id, in any case. */
  readonly search?: string
  /** Those that this principal could approve now. */
  readonly waitsForMe?: boolean
  /** `expiring`: what expires first comes first. Default: the newest. */
  readonly order?: string
  /** Those that come after the one of this position. */
  readonly before?: number
  readonly limit: number
}

const readers = ['approver', 'operator', 'auditor'] as const
/** Who may read all requests, not only their own. */
export const mayReadAll = ({ roles }: Principal) => readers.some((role) => roles.has(role))

/** What a view needs that is not in the rows. It never waits for the chain: what is shown decides nothing. */
async function viewFacts(
  { registry, accountKeys, database }: RequestContext,
  principal: Principal,
): Promise<ViewFacts> {
  return { registry, keys: accountKeys.last(), principal, now: await databaseNow(database) }
}

/** Newest first, unless it is asked for otherwise. */
export async function listRequests(
  context: RequestContext,
  principal: Principal,
  query: RequestQuery,
): Promise<{ readonly requests: readonly RequestView[]; readonly next: string | null }> {
  const { functionName, state, requester, search, waitsForMe, order, before, limit } = query
  const facts = await viewFacts(context, principal)
  const sorting = order === 'expiring' ? orders.expiring : orders.newest
  const parameters: unknown[] = []
  const value = (one: unknown) => `$${parameters.push(one)}`
  const conditions = [
    ...(functionName === undefined ? [] : [`r.function = ${value(functionName)}`]),
    ...(state === undefined ? [] : [`r.state = ${value(state)}`]),
    ...(requester === undefined ? [] : [`r.requester = ${value(requester)}`]),
    ...(mayReadAll(principal) ? [] : [`r.requester = ${value(principal.name)}`]),
    ...(search === undefined
      ? []
      : [`(position(${value(search.toLowerCase())} IN r.search) > 0 OR r.id = ${value(search)})`]),
    ...(before === undefined ? [] : [sorting.after(value(before))]),
    ...(waitsForMe === true ? waitsFor(principal.name, facts.keys, value) : []),
  ]
  const rows = await context.database.query<RequestRow>(
    `SELECT ${requestColumns} FROM requests AS r
    ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
    ORDER BY ${sorting.by} LIMIT ${value(limit + 1)}`,
    parameters,
  )
  const page = rows.slice(0, limit)
  const requests = await viewAll(context, page, facts)
  const last = page.at(-1)
  return { requests, next: rows.length > limit && last ? String(last.position) : null }
}

const orders = {
  newest: { by: 'r.position DESC', after: (it: string) => `r.position < ${it}::bigint` },
  expiring: {
    by: 'r.expires_at, r.position',
    after: (it: string) => `(r.expires_at, r.position) >
      (SELECT b.expires_at, b.position FROM requests AS b WHERE b.position = ${it}::bigint)`,
  },
} as const

/** Those that lack a key for which this principal stands: where it is met, one more approval adds nothing. */
function waitsFor(
  name: string,
  keys: readonly WeightedKey[],
  value: (one: unknown) => string,
): readonly string[] {
  const stands = keys.flatMap(({ rule, revoked }) =>
    rule !== 'automatic' && !revoked && rule.approvers.includes(name) ? [rule.approvers] : [],
  )
  const lacks = stands.map(
    (approvers) => `NOT EXISTS (SELECT FROM approvals AS a WHERE a.request_id = r.id
      AND a.approver = ANY (${value(approvers)}::text[]) AND a.approver <> r.requester
      AND a.digest = r.digest AND a.withdrawn_at IS NULL AND a.expires_at > clock_timestamp())`,
  )
  return [
    `r.state = 'waiting' AND r.decided_at IS NULL AND r.requester <> ${value(name)}`,
    lacks.length === 0 ? 'false' : `(${lacks.join(' OR ')})`,
  ]
}

/** @throws {AdminError} `NOT_FOUND`, also for what this principal may not see. */
export async function readRequestRow(
  { database }: RequestContext,
  principal: Principal,
  id: string,
  functionName?: string,
): Promise<RequestRow> {
  const [row] = await database.query<RequestRow>(
    `SELECT ${requestColumns} FROM requests AS r WHERE r.id = $1`,
    [id],
  )
  const isShown = row !== undefined && (mayReadAll(principal) || row.requester === principal.name)
  if (!isShown || (functionName !== undefined && row.function !== functionName))
    throw new AdminError('NOT_FOUND')
  return row
}

/** The same as a view. */
export async function readRequest(
  context: RequestContext,
  principal: Principal,
  row: RequestRow,
): Promise<RequestView> {
  const [view] = await viewAll(context, [row], await viewFacts(context, principal))
  return view as RequestView // of one row
}

async function viewAll(
  { database, registry }: RequestContext,
  rows: readonly RequestRow[],
  facts: ViewFacts,
): Promise<readonly RequestView[]> {
  const ids = rows.map(({ id }) => id)
  const [approvals, decided, abouts] = await Promise.all([
    readApprovals(database, ids),
    readDecided(database, rows),
    readAbouts(database, registry, rows),
  ])
  return rows.map((row) => {
    const more = { decided: decided.get(row.id), about: abouts.get(row.id) }
    return viewRequest(row, approvals.get(row.id) ?? [], facts, more)
  })
}

/** One item as it is stored. */
export type ItemView = {
  readonly index: number
  readonly jobId: string
  readonly state: string
  readonly transactionId: string | null
  readonly blockHeight: number | null
  readonly nftId: string | null
  readonly errorCode: string | null
  readonly reason: string | null
  readonly arguments: readonly string[]
}

/** In order. @param after - The last index of the page before, or −1. */
export const readItems = (
  { database }: RequestContext,
  requestId: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly ItemView[]> =>
  database.query<ItemView>(
    `SELECT item_index AS index, job_id AS "jobId", state, transaction_id AS "transactionId",
      block_height AS "blockHeight", nft_id AS "nftId", error_code AS "errorCode", reason, arguments
    FROM items WHERE request_id = $1 AND item_index > $2 ORDER BY item_index LIMIT $3`,
    [requestId, after, limit],
  )
