/** Opaque bearer tokens: made by a command, shown once, kept as a hash, revoked at once. @module */

import { randomBytes } from 'node:crypto'
import type { Session } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import { sha256Hex } from './digest.ts'
import { isPrincipalName, isRole, type Role } from './principal.ts'
import { signatureKeyOf } from './request-signature.ts'

/** What `createToken` needs to know. */
export type TokenOrder = {
  /** See `principalPattern`; not `server`. */
  readonly principal: string
  /** At least one, none twice. */
  readonly roles: readonly Role[]
  /** What it is for: 1 to 200 characters without control characters. */
  readonly description: string
  /** 1 to 366: every token ends. */
  readonly days: number
  /** The principal, or the name of the operating system's user, who makes it. */
  readonly createdBy: string
}

/** One token as it may be listed: nothing of its secret. Times are milliseconds since 1970. */
export type TokenRecord = {
  readonly id: string
  readonly principal: string
  readonly roles: readonly Role[]
  readonly description: string
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt: number
  readonly revokedAt: number | null
  /** A day in UTC, such as `2026-01-31`. */
  readonly lastUsedOn: string | null
}

const DAY_MS = 86_400_000
const MAX_DAYS = 366
const MAX_DESCRIPTION = 200

// 32 bytes are 43 characters, of which the last holds 4 bits: one text for each token.
const shape = /^fka_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const printable = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u

/** Whether it has the form of a token: `fka_` and 43 base64url characters. Says nothing more. */
export const isTokenShape = (text: string): boolean => shape.test(text)

/**
 * Makes a token of 32 random bytes. The database gets its hash and the key for request signatures.
 *
 * @param session - Of the transaction that also holds the audit record.
 * @param now - Milliseconds since 1970.
 * @returns The token itself, which can never be had again, and its id, which is no secret.
 * @throws {AdminError} `INVALID_REQUEST` with `errors: [{ field, detail }]`; what the session throws.
 */
export async function createToken(
  session: Session,
  order: TokenOrder,
  now: number = Date.now(),
): Promise<{ readonly id: string; readonly token: string; readonly expiresAt: number }> {
  const errors = mistakes(order)
  if (errors.length > 0) throw new AdminError('INVALID_REQUEST', { errors })
  const id = `tk_${randomBytes(16).toString('hex')}`
  const token = `fka_${randomBytes(32).toString('base64url')}`
  const expiresAt = now + order.days * DAY_MS
  await session.query(
    `INSERT INTO tokens (id, principal, roles, description, token_hash, signature_key,
       created_at, created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      id,
      order.principal,
      order.roles,
      order.description,
      sha256Hex(token),
      signatureKeyOf(token),
      new Date(now),
      order.createdBy,
      new Date(expiresAt),
    ],
  )
  return { id, token, expiresAt }
}

/** All tokens, newest first, the revoked and expired ones included. */
export async function listTokens(session: Session): Promise<readonly TokenRecord[]> {
  type Row = Omit<TokenRecord, 'createdAt' | 'expiresAt' | 'revokedAt'> & {
    readonly createdAt: Date
    readonly expiresAt: Date
    readonly revokedAt: Date | null
  }
  const rows = await session.query<Row>(
    `SELECT id, principal, roles, description, created_at AS "createdAt",
       created_by AS "createdBy", expires_at AS "expiresAt", revoked_at AS "revokedAt",
       last_used_on::text AS "lastUsedOn"
     FROM tokens ORDER BY created_at DESC, id`,
  )
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    revokedAt: row.revokedAt?.getTime() ?? null,
  }))
}

/**
 * Ends a token and all its sessions. The next lookup anywhere refuses them, for nothing is cached.
 *
 * @returns Whether it was live until now: false when it had been revoked before.
 * @throws {AdminError} `NOT_FOUND`; what the session throws.
 */
export async function revokeToken(
  session: Session,
  id: string,
  now: number = Date.now(),
): Promise<boolean> {
  const known = await session.query('SELECT 1 FROM tokens WHERE id = $1', [id])
  if (known.length === 0) throw new AdminError('NOT_FOUND')
  const revoked = await session.query(
    'UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id',
    [id, new Date(now)],
  )
  await session.query(
    'UPDATE sessions SET ended_at = $2 WHERE token_id = $1 AND ended_at IS NULL',
    [id, new Date(now)],
  )
  return revoked.length > 0
}

function mistakes(order: TokenOrder): readonly { field: string; detail: string }[] {
  const checks: readonly [field: keyof TokenOrder, right: boolean, detail: string][] = [
    ['principal', isPrincipalName(order.principal), 'Not a name of a principal.'],
    [
      'roles',
      order.roles.length > 0 &&
        order.roles.every(isRole) &&
        new Set(order.roles).size === order.roles.length,
      'At least one of requester, approver, operator, auditor; none twice.',
    ],
    ['description', isPlainText(order.description), `1 to ${MAX_DESCRIPTION} characters.`],
    [
      'days',
      Number.isInteger(order.days) && order.days >= 1 && order.days <= MAX_DAYS,
      `1 to ${MAX_DAYS}.`,
    ],
    ['createdBy', isPlainText(order.createdBy), `1 to ${MAX_DESCRIPTION} characters.`],
  ]
  return checks.filter(([, right]) => !right).map(([field, , detail]) => ({ field, detail }))
}

const isPlainText = (text: string): boolean =>
  text.length <= MAX_DESCRIPTION && printable.test(text)
