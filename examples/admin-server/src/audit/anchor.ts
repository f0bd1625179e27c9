/**
 * Puts the end of the chain where who owns the database cannot change it. A database that was restored
 * from a backup ends before its anchors, and so is refused: give it another file or prefix.
 *
 * @module
 */

import type { S3Client } from '@aws-sdk/client-s3'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import { createFilePlace } from './anchor-file.ts'
import type { AnchorPlace } from './anchor-place.ts'
import { createS3Place } from './anchor-s3.ts'
import type { Audit, AuditHead } from './audit.ts'
import type { ChainFault } from './chain-check.ts'

/** `audit.anchor` of the configuration. */
export type AnchorConfig = NonNullable<Config['audit']['anchor']>

/** What an anchor works with. */
export type AnchorParts = {
  readonly audit: Audit
  readonly database: Database
  /** Of the bucket; the caller destroys it. */
  readonly s3?: S3Client
  /** Of one call to S3. Default 10,000. */
  readonly timeoutMs?: number
  /** A run of the timer wrote an anchor. */
  readonly onAnchor?: (head: AuditHead) => void
  /** A run of the timer failed; the next one tries again. `AUDIT_BROKEN` is for an alert. */
  readonly onError?: (thrown: unknown) => void
}

/** See `createAnchor`. */
export type Anchor = {
  /**
   * Verifies what is new in the chain and all anchors that are new, then writes the head outside and an
   * `anchor` record. One at a time.
   *
   * @returns What was anchored; `undefined` when nothing but anchors was recorded since this process
   *   wrote the last one of its own.
   * @throws {AdminError} `AUDIT_BROKEN` when the chain does not verify, or not with the anchors: nothing
   *   is written then. `ANCHOR_FAILED` when the place fails. What the database throws.
   */
  readonly anchorNow: () => Promise<AuditHead | undefined>
  /** All anchors, read anew, for `audit.verify`. @throws {AdminError} As `anchorNow`. */
  readonly read: () => Promise<readonly AuditHead[]>
  /** Makes the folder of a file, anchors now, and then `everyMinutes`. Keeps no process alive. */
  readonly start: () => void
  /** No more runs; resolves when the one that is under way has ended. */
  readonly stop: () => Promise<void>
}

/** Records that are looked at to see whether there is anything but anchors. */
const GLANCE = 50
/** Anchors that are compared by one statement. */
const PART = 1_000
/** Of setTimeout. */
const LONGEST_MS = 2_147_483_647

/** @throws {AdminError} `CONFIGURATION_INVALID` for a bucket without `parts.s3`. */
export function createAnchor(config: AnchorConfig, parts: AnchorParts): Anchor {
  const { audit, database } = parts
  const place = placeOf(config, parts)
  const everyMs = Math.min(config.everyMinutes * 60_000, LONGEST_MS)
  /** The latest anchor that agreed with the chain: until there it was verified before. */
  let newest: AuditHead | undefined
  /** Where the last anchor of this process stands: one of others may be a plant without a lock. */
  let own: number | undefined
  let running: Promise<AuditHead | undefined> | undefined
  let controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  async function run(signal: AbortSignal): Promise<AuditHead | undefined> {
    const anchors = await place.read({ after: newest?.sequence ?? 0, signal })
    await assertAgreement(database, anchors)
    // From what this process knows, where it does: a new anchor may be a plant.
    const after = newest ?? latestOf(anchors)
    const verification = await audit.verify({ signal, ...(after && { after }) })
    if (verification.broken !== undefined) throw new AdminError('AUDIT_BROKEN', verification.broken)
    newest = latestOf([...anchors, ...(after ? [after] : [])])
    const { head } = verification
    if (head.sequence === 0 || (own !== undefined && !(await hasNews(audit, own)))) return undefined
    await place.write(head, signal)
    newest = head
    own = head.sequence
    const facts = { ...head, place: place.kind }
    await database.transaction((session) =>
      audit.append(session, [{ kind: 'anchor', actor: 'server', requestIds: [], facts }]),
    )
    return head
  }

  function anchorNow(): Promise<AuditHead | undefined> {
    if (running === undefined) {
      controller = new AbortController() // of one run: signals derived from it go with it
      running = run(controller.signal).finally(() => {
        running = undefined
      })
    }
    return running
  }

  async function tick(): Promise<void> {
    try {
      await place.prepare()
      const head = await anchorNow()
      if (head !== undefined) parts.onAnchor?.(head)
    } catch (thrown) {
      if (!stopped) parts.onError?.(thrown)
    }
    schedule(everyMs)
  }

  function schedule(afterMs: number): void {
    if (stopped) return
    timer = setTimeout(() => void tick(), afterMs)
    timer.unref()
  }

  return Object.freeze<Anchor>({
    anchorNow,
    read: () => readAnchors(config, parts),
    start() {
      if (timer === undefined) schedule(0)
    },
    async stop() {
      stopped = true
      controller.abort()
      clearTimeout(timer)
      await running?.catch(() => undefined) // whoever started it is told
    },
  })
}

function placeOf(
  config: AnchorConfig,
  { s3, timeoutMs = 10_000 }: Pick<AnchorParts, 's3' | 'timeoutMs'>,
): AnchorPlace {
  if ('file' in config) return createFilePlace(config.file)
  if (s3 === undefined)
    throw new AdminError('CONFIGURATION_INVALID', { reason: 'audit.anchor.bucket needs S3' })
  const { bucket, prefix, retainDays } = config
  return createS3Place(s3, { bucket, prefix, retainDays, timeoutMs })
}

/**
 * All anchors of a place, without a server or a database: what `audit verify` compares with.
 *
 * @throws {AdminError} As `Anchor.read`.
 */
export const readAnchors = (
  config: AnchorConfig,
  parts: Pick<AnchorParts, 's3' | 'timeoutMs'>,
): Promise<readonly AuditHead[]> =>
  placeOf(config, parts).read({ after: 0, signal: new AbortController().signal })

const latestOf = (anchors: readonly AuditHead[]): AuditHead | undefined =>
  anchors.reduce<AuditHead | undefined>(
    (latest, one) => (latest === undefined || one.sequence > latest.sequence ? one : latest),
    undefined,
  )

/** One process's anchor record is no news to another's: otherwise they would anchor for ever. */
async function hasNews(audit: Audit, after: number): Promise<boolean> {
  const records = await audit.list({ after, limit: GLANCE })
  return records.length === GLANCE || records.some(({ kind }) => kind !== 'anchor')
}

/** @throws {AdminError} `AUDIT_BROKEN` with the first record that is not what was anchored. */
async function assertAgreement(database: Database, anchors: readonly AuditHead[]): Promise<void> {
  for (let start = 0; start < anchors.length; start += PART) {
    const part = anchors.slice(start, start + PART)
    const rows = await database.query<AuditHead>(
      'SELECT sequence, hash FROM audit WHERE sequence = ANY($1::bigint[])',
      [part.map(({ sequence }) => sequence)],
    )
    const hashes = new Map(rows.map(({ sequence, hash }) => [sequence, hash]))
    for (const { sequence, hash } of part) {
      const found = hashes.get(sequence)
      const reason: ChainFault = found === undefined ? 'record missing' : 'anchor differs'
      if (found !== hash) throw new AdminError('AUDIT_BROKEN', { sequence, reason })
    }
  }
}
