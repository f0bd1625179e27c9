/** Looks tokens up, many in one statement, and never remembers an answer. @module */

import { coalesce } from '../database/coalesce.ts'
import type { Session } from '../database/database.ts'
import { sameDigest, sha256 } from './digest.ts'
import { isRole, type Role } from './principal.ts'
import { isTokenShape } from './tokens.ts'

/** A token that may be used now. */
export type LiveToken = {
  readonly id: string
  readonly principal: string
  readonly roles: readonly Role[]
  /** 32 bytes; see `request-signature.ts`. */
  readonly signatureKey: Uint8Array
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** See `createTokenReader`. Each answer is the row as it is now; absent is unknown or over. */
export type TokenReader = {
  /** @param token - Whatever the caller sent; only what has the form of a token is looked up. */
  readonly byToken: (token: string) => Promise<LiveToken | undefined>
  readonly byId: (id: string) => Promise<LiveToken | undefined>
}

const MAX_TOKENS = 500

type Row = {
  readonly id: string
  readonly principal: string
  readonly roles: readonly string[]
  readonly token_hash: string
  readonly signature_key: Uint8Array
  readonly expires_at: Date
  readonly last_used_on: string | null
}

/**
 * @param session - The database; within a transaction, that of the transaction.
 * @param clock - Milliseconds since 1970.
 * @returns A reader whose functions reject with `DATABASE_UNAVAILABLE` when the database does.
 */
export function createTokenReader(session: Session, clock: () => number = Date.now): TokenReader {
  const find = (column: 'token_hash' | 'id') => async (wanted: readonly string[]) => {
    const rows = await session.query<Row>(
      `SELECT id, principal, roles, token_hash, signature_key, expires_at,
         last_used_on::text AS last_used_on
       FROM tokens
       WHERE ${column} = ANY($1) AND revoked_at IS NULL AND expires_at > $2`,
      [[...new Set(wanted)], new Date(clock())],
      `find-tokens-by-${column}`,
    )
    const found = new Map(rows.map((row) => [row[column], row]))
    return { rows, answers: wanted.map((key) => found.get(key)) }
  }
  const byHash = find('token_hash')
  const lookUp = coalesce<string, Row | undefined>(async (hashes) => {
    const { rows, answers } = await byHash(hashes)
    await noteUse(session, rows, clock())
    return answers
  }, MAX_TOKENS)
  const byId = find('id')
  const lookUpId = coalesce<string, Row | undefined>(
    async (ids) => (await byId(ids)).answers,
    MAX_TOKENS,
  )

  return Object.freeze({
    async byToken(token) {
      if (!isTokenShape(token)) return undefined
      const digest = sha256(token)
      const row = await lookUp(Buffer.from(digest).toString('hex'))
      // The index compared the hashes already, in its own time; this one does not depend on it.
      if (row === undefined || !sameDigest(digest, Buffer.from(row.token_hash, 'hex')))
        return undefined
      return liveToken(row)
    },
    async byId(id) {
      const row = await lookUpId(id)
      return row === undefined ? undefined : liveToken(row)
    },
  } satisfies TokenReader)
}

const liveToken = (row: Row): LiveToken => ({
  id: row.id,
  principal: row.principal,
  roles: row.roles.filter(isRole),
  signatureKey: row.signature_key,
  expiresAt: row.expires_at.getTime(),
})

/** Once a day for each token. It only helps to find unused tokens: no reason to refuse a call. */
async function noteUse(session: Session, rows: readonly Row[], now: number): Promise<void> {
  const today = new Date(now).toISOString().slice(0, 10)
  const ids = rows.filter((row) => row.last_used_on !== today).map((row) => row.id)
  if (ids.length === 0) return
  await session
    .query('UPDATE tokens SET last_used_on = $2::date WHERE id = ANY($1)', [ids, today])
    .catch(() => undefined)
}
