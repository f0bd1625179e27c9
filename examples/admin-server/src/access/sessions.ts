/** Sessions of the dashboard: a cookie of 32 random bytes, of which only the hash is kept. @module */

import { createHmac, randomBytes } from 'node:crypto'
import { coalesce } from '../database/coalesce.ts'
import type { Session } from '../database/database.ts'
import { sha256Hex } from './digest.ts'
import { isRole, type Role } from './principal.ts'
import type { LiveToken } from './token-reader.ts'

/** A session that may be used now. */
export type LiveSession = {
  /** SHA-256 of the cookie value, 64 digits; no secret. */
  readonly idHash: string
  /** Of the token that it was got with. */
  readonly tokenId: string
  readonly principal: string
  /** Those of its token, as they are now. */
  readonly roles: readonly Role[]
  /** Milliseconds since 1970: when it ends, however busy it is. */
  readonly expiresAt: number
}

/** See `createSessionReader`. */
export type SessionReader = {
  /** Counts as activity. */
  readonly byCookie: (cookie: string) => Promise<LiveSession | undefined>
  /** Does not: an open stream of events keeps nobody signed in. */
  readonly byIdHash: (idHash: string) => Promise<LiveSession | undefined>
}

/** Milliseconds without a call after which a session ends. */
export const IDLE_MS = 1_800_000
/** Activity is written that seldom, so that a busy session costs no write each time. */
const TOUCH_MS = 60_000
const KEEP_MS = 86_400_000
const MAX_SESSIONS = 500

const shape = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** Whether it has the form of a cookie value: 43 base64url characters. Says nothing more. */
export const isSessionShape = (text: string): boolean => shape.test(text)

/**
 * The token that unsafe calls of a session carry in a header. Whoever has the cookie value can compute
 * it; another origin, whose calls only carry the cookie along, cannot.
 *
 * @returns 43 base64url characters.
 */
export const csrfTokenOf = (cookie: string): string =>
  createHmac('sha256', cookie).update('fcl-kms admin csrf').digest('base64url')

/**
 * Starts a session that ends with its token, after `minutes`, or when it was idle for `IDLE_MS`.
 *
 * @param session - Of the transaction that also holds the audit record.
 * @param now - Milliseconds since 1970.
 * @returns The cookie value, which can never be had again.
 */
export async function startSession(
  session: Session,
  token: LiveToken,
  minutes: number,
  now: number = Date.now(),
): Promise<LiveSession & { readonly cookie: string }> {
  const cookie = randomBytes(32).toString('base64url')
  const idHash = sha256Hex(cookie)
  const expiresAt = Math.min(now + minutes * 60_000, token.expiresAt)
  await session.query('DELETE FROM sessions WHERE expires_at < $1', [new Date(now - KEEP_MS)])
  await session.query(
    `INSERT INTO sessions (id_hash, token_id, principal, created_at, last_seen_at, expires_at)
     VALUES ($1, $2, $3, $4, $4, $5)`,
    [idHash, token.id, token.principal, new Date(now), new Date(expiresAt)],
  )
  const { id: tokenId, principal, roles } = token
  return { cookie, idHash, tokenId, principal, roles, expiresAt }
}

/** @returns Whether it was open until now. */
export async function endSession(
  session: Session,
  idHash: string,
  now: number = Date.now(),
): Promise<boolean> {
  const ended = await session.query(
    'UPDATE sessions SET ended_at = $2 WHERE id_hash = $1 AND ended_at IS NULL RETURNING id_hash',
    [idHash, new Date(now)],
  )
  return ended.length > 0
}

type Row = {
  readonly id_hash: string
  readonly token_id: string
  readonly principal: string
  readonly roles: readonly string[]
  readonly last_seen_at: Date
  readonly expires_at: Date
}

/**
 * @param clock - Milliseconds since 1970.
 * @returns A reader whose functions reject with `DATABASE_UNAVAILABLE` when the database does.
 */
export function createSessionReader(
  session: Session,
  clock: () => number = Date.now,
): SessionReader {
  async function find(idHashes: readonly string[]) {
    const now = clock()
    const rows = await session.query<Row>(
      `SELECT s.id_hash, s.token_id, s.principal, t.roles, s.last_seen_at, s.expires_at
       FROM sessions s JOIN tokens t ON t.id = s.token_id
       WHERE s.id_hash = ANY($1) AND s.ended_at IS NULL AND s.expires_at > $2
         AND s.last_seen_at > $3 AND t.revoked_at IS NULL AND t.expires_at > $2`,
      [[...new Set(idHashes)], new Date(now), new Date(now - IDLE_MS)],
    )
    const found = new Map(rows.map((row) => [row.id_hash, liveSession(row)]))
    return { rows, answers: idHashes.map((idHash) => found.get(idHash)) }
  }
  const lookUp = coalesce<string, LiveSession | undefined>(
    async (idHashes) => (await find(idHashes)).answers,
    MAX_SESSIONS,
  )
  const lookUpAndTouch = coalesce<string, LiveSession | undefined>(async (idHashes) => {
    const { rows, answers } = await find(idHashes)
    await touch(session, rows, clock())
    return answers
  }, MAX_SESSIONS)
  return Object.freeze({
    byCookie: async (cookie) =>
      isSessionShape(cookie) ? lookUpAndTouch(sha256Hex(cookie)) : undefined,
    byIdHash: lookUp,
  } satisfies SessionReader)
}

const liveSession = (row: Row): LiveSession => ({
  idHash: row.id_hash,
  tokenId: row.token_id,
  principal: row.principal,
  roles: row.roles.filter(isRole),
  expiresAt: row.expires_at.getTime(),
})

/** Where it cannot be written the session ends early, which is the safe side. */
async function touch(session: Session, rows: readonly Row[], now: number): Promise<void> {
  const due = rows.filter((row) => row.last_seen_at.getTime() <= now - TOUCH_MS)
  if (due.length === 0) return
  await session
    .query(
      'UPDATE sessions SET last_seen_at = GREATEST(last_seen_at, $2) WHERE id_hash = ANY($1)',
      [due.map((row) => row.id_hash), new Date(now)],
    )
    .catch(() => undefined)
}
