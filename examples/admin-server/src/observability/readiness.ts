/** Whether this process can do its work now, part by part. @module */

import type { Relay } from 'fcl-kms/relay'
import type { Database } from '../database/database.ts'
import { isAdminError } from '../errors.ts'
import type { AccountKeys } from '../execution/account-keys.ts'
import { isOfRotation, type Rotating, type RotationWatch } from '../rotation/watch.ts'

/** Words only: anybody may ask. */
export type Readiness = {
  readonly status: 'ready' | 'not-ready'
  readonly checks: Readonly<Record<'database' | 'chain' | 'relay' | 'process', string>>
}

const KEEP_MS = 1_000
const CHECK_MS = 3_000
/** The chain is read for every decision; for readiness what was read lately will do. */
const CHAIN_AGE_MS = 15_000

/** A pause is no fault, nor a rotation: requests and approvals are taken in all the same. */
export function checkReadiness(parts: {
  readonly database: Database
  readonly accountKeys: AccountKeys
  readonly relay: Pick<Relay, 'stats'>
  readonly rotating: Pick<RotationWatch, 'current'>
  readonly closing: AbortSignal
}): () => Promise<Readiness> {
  const { database, accountKeys, relay, rotating, closing } = parts
  let held: { readonly at: number; readonly answer: Promise<Readiness> } | undefined

  async function check(): Promise<Readiness> {
    const [base, chain, send] = await Promise.all([
      within(canWrite(database)),
      within(accountKeys.read({ maxAgeMs: CHAIN_AGE_MS }).then(() => 'ok')),
      within(relay.stats().then(({ held: hold }) => wordOf(hold?.code, rotating.current()))),
    ])
    const process = closing.aborted ? 'stopping' : 'ok'
    const isReady =
      base === 'ok' && chain === 'ok' && process === 'ok' && /^(?:ok|paused|rotating)$/.test(send)
    return {
      status: isReady ? 'ready' : 'not-ready',
      checks: { database: base, chain, relay: send, process },
    }
  }

  return () => {
    const isFresh = held !== undefined && performance.now() - held.at < KEEP_MS
    if (!isFresh || closing.aborted) held = { at: performance.now(), answer: check() }
    // Set just above when it was not.
    return held?.answer ?? check()
  }
}

const wordOf = (code: string | undefined, { held }: Rotating): string =>
  held && (code === undefined || isOfRotation(code)) ? 'rotating' : (code?.toLowerCase() ?? 'ok')

/**
 * Reading works on a full disk, and on a copy that takes no writes. A series of more than memory may
 * hold is written to a file where the database is, and leaves nothing behind.
 */
const canWrite = (database: Database): Promise<string> =>
  database
    .transaction(async (session) => {
      await session.query("SET LOCAL work_mem = '64kB'")
      const [row] = await session.query<{ only: string }>(
        `SELECT count(*), current_setting('transaction_read_only') AS only
        FROM generate_series(1, 10000)`,
      )
      return row?.only === 'off' ? 'ok' : 'read-only'
    })
    .catch((thrown: unknown) => {
      // Class 53: no room on the disk, no memory, no connection left.
      const state = isAdminError(thrown) ? String(thrown.facts['sqlState']) : ''
      if (/^53[14]00$/.test(state)) return 'disk-full'
      throw thrown
    })

async function within(work: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, 'late')
  })
  const answer = await Promise.race([work.catch(() => 'failed'), late])
  clearTimeout(timer)
  return answer
}
