/** The jobs of the SQL store: each method one statement. @module */

import { hashMessage } from '../../crypto/hash.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { assertIntents, noJobs } from '../checks.ts'
import type { RunSql } from '../sql-database.ts'
import type { JobRow, JobState, RelayStore } from '../store.ts'
import { jobOf, toJob, toJobRow, toJson, type WrittenJob } from './rows.ts'
import { ANSWER_BYTES, before, bounded, CUT, inSteps, listOf, sized } from './steps.ts'

type JobMethods = Pick<
  RelayStore,
  | 'addJobs'
  | 'getJobs'
  | 'listJobs'
  | 'countJobs'
  | 'cancelJob'
  | 'claimJobs'
  | 'unclaimJobs'
  | 'resolveJob'
  | 'prune'
>

const span = (milliseconds: string) =>
  `coalesce((${milliseconds})::double precision, 0) * interval '1 millisecond'`

/** Absent fields stay as they are, null ones become null. */
const told = (column: string, field: string, type: string) =>
  `${column} = CASE WHEN g.job ? '${field}' THEN (g.job->>'${field}')::${type} ELSE j.${column} END`

/** @param schema - Quoted. */
export function createSqlJobs(run: RunSql, schema: string): JobMethods {
  const jobs = `${schema}.jobs`
  const add = `SELECT a AS json FROM ${schema}.add_jobs($1, $2::text::jsonb, $3::text::jsonb,
    $4::text::bigint) AS a`
  const get = `SELECT ${bounded(`${schema}.job_text(job)`)} FROM (
      SELECT found.job, g.place, ${before('g.place', `${schema}.job_bytes(found.job)`)}
      FROM jsonb_array_elements_text($2::text::jsonb) WITH ORDINALITY AS g(id, place)
      CROSS JOIN LATERAL (
        SELECT j AS job FROM ${jobs} AS j WHERE j.address = $1 AND j.id = g.id OFFSET 0) AS found
    ) AS sized ORDER BY place`
  // The states stand in the text, not in a parameter: so the planner finds the index of the open ones.
  const list = (states: readonly JobState[]) => `SELECT ${bounded(`${schema}.job_text(job)`)} FROM (
      SELECT job, position, ${before('position', `${schema}.job_bytes(job)`)} FROM (
        SELECT j AS job, position FROM ${jobs} AS j
        WHERE j.address = $1 AND j.state IN (${states.map((state) => `'${state}'`).join(', ')})
          AND j.position > CASE WHEN $2 = '' THEN 0
            ELSE (SELECT position FROM ${jobs} WHERE address = $1 AND id = $2) END
        ORDER BY j.position LIMIT $3::text::bigint) AS page
    ) AS sized ORDER BY position`
  const count = `SELECT json_build_array(state, sum(amount))::text AS json FROM (
      SELECT state, count(*) AS amount FROM ${jobs} WHERE address = $1
        AND state IN ('queued', 'claimed', 'in-flight', 'quarantined') GROUP BY state
      UNION ALL SELECT state, count(*) FROM ${jobs} WHERE address = $1
        AND state IN ('done', 'failed', 'cancelled') GROUP BY state) AS counted
    GROUP BY state`
  const cancel = `UPDATE ${jobs} SET state = 'cancelled', finished_at = clock_timestamp()
    WHERE address = $1 AND id = $2 AND state = 'queued' RETURNING 'true' AS json`
  const claimable = (which: string, order: string) => `(
      SELECT address, id, position, ${schema}.job_bytes(j) AS bytes FROM ${jobs} AS j
      WHERE address = $1 AND state IN ('queued', 'claimed') AND ${which}
        AND CASE state WHEN 'queued' THEN not_before ELSE lease_until END <= now()
      ORDER BY ${order} LIMIT $2::text::bigint FOR UPDATE SKIP LOCKED)`
  const claim = (oldest: string) => `WITH oldest AS ${oldest}, sized AS (
      SELECT address, id, ${before('position', 'bytes')} FROM oldest
    ), claimed AS (
      UPDATE ${jobs} AS j SET state = 'claimed', fence = j.fence + 1, holder = $3,
        lease_until = clock_timestamp() + ${span('$4::text')}
      FROM sized AS o
      WHERE j.address = o.address AND j.id = o.id AND o.before < ${ANSWER_BYTES}
      RETURNING j.position, ${schema}.job_text(j) AS json
    ) SELECT json FROM claimed ORDER BY position`
  const claimAny = claim(claimable('true', 'position'))
  // One look for each template, so that no claim reads past the jobs of others: in the order of the
  // index `jobs_to_claim`, and with a range for the equality that would leave the name out of the
  // order, since by old statistics the planner took an index that has all jobs by position.
  const named = 'left(batch, 128)'
  const inTurn = `${named}, position`
  const isWanted = `${named} BETWEEN left(wanted.value, 128) AND left(wanted.value, 128)
        AND batch = wanted.value`
  const claimOf = claim(`(
      SELECT * FROM (
        SELECT * FROM ${claimable(`${named} IS NULL`, inTurn)} AS alone
        UNION ALL
        SELECT found.* FROM (SELECT DISTINCT value FROM jsonb_array_elements_text($5::text::jsonb))
          AS wanted CROSS JOIN LATERAL ${claimable(isWanted, inTurn)} AS found
      ) AS each ORDER BY position LIMIT $2::text::bigint)`)
  const setAside = `UPDATE ${jobs} AS j SET state = 'quarantined', holder = NULL, lease_until = NULL,
      error_code = g.job->>'errorCode', reason = g.job->>'reason'
    FROM (SELECT value AS job FROM jsonb_array_elements($2::text::jsonb)) AS g
    WHERE j.address = $1 AND j.id = g.job->>'id' AND j.state = 'claimed'
      AND j.fence = (g.job->>'fence')::bigint`
  const unclaim = `WITH given AS (
      SELECT DISTINCT ON (value->>'id') value AS job
      FROM jsonb_array_elements($2::text::jsonb) WITH ORDINALITY ORDER BY value->>'id', ordinality
    ), locked AS (
      SELECT j.id FROM given CROSS JOIN LATERAL (
        SELECT id FROM ${jobs} WHERE address = $1 AND id = given.job->>'id' FOR UPDATE) AS j
    ) UPDATE ${jobs} AS j SET state = g.job->>'state', holder = NULL, lease_until = NULL,
      not_before = clock_timestamp() + ${span(`g.job->>'delayMs'`)},
      finished_at = CASE g.job->>'state' WHEN 'failed' THEN clock_timestamp() END,
      ${told('error_code', 'errorCode', 'text')}, ${told('reason', 'reason', 'text')},
      ${told('batch_limit', 'batchLimit', 'bigint')}
    FROM given AS g
    WHERE j.address = $1 AND j.id = ANY (ARRAY(SELECT id FROM locked)) AND j.id = g.job->>'id'
      AND j.state = 'claimed' AND j.fence = (g.job->>'fence')::bigint`
  const resolve = `UPDATE ${jobs} AS j SET state = g.job->>'state',
      executed = g.job->>'state' = 'done' OR (j.executed AND g.job->>'state' = 'failed'),
      error_code = CASE g.job->>'state' WHEN 'failed' THEN j.error_code END,
      reason = CASE WHEN g.job ? 'reason' OR g.job->>'state' <> 'failed'
        THEN g.job->>'reason' ELSE j.reason END,
      ${told('transaction_id', 'transactionId', 'text')},
      not_before = '-infinity',
      finished_at = CASE WHEN g.job->>'state' <> 'queued' THEN clock_timestamp() END
    FROM (SELECT $3::text::jsonb AS job) AS g
    WHERE j.address = $1 AND j.id = $2 AND j.state = 'quarantined' RETURNING 'true' AS json`
  const prune = `SELECT p AS json FROM ${schema}.prune($1, ${span('$2::text')}) AS p`

  return {
    addJobs: async (address, given, maxOpen) => {
      assertIntents(given)
      const items = given.map(({ cadence, ...job }) => {
        const script = cadence === '' ? null : hashOf(cadence)
        const { text, bytes } = sized({ ...job, script })
        return { text, bytes: bytes + Buffer.byteLength(cadence), script, cadence }
      })
      const room = String(Math.max(0, Math.min(maxOpen, Number.MAX_SAFE_INTEGER)))
      const rows = await inSteps(items, (part) => {
        const sources = part.flatMap(({ script, cadence }) =>
          script === null ? [] : [[script, cadence] as const],
        )
        const parameters = [listOf(part), toJson(Object.fromEntries(sources)), room]
        return run('addJobs', add, address, ...parameters)
      })
      return rows.map((text) => {
        const { job, created } = JSON.parse(text) as Added // one such object for each job
        return job === null ? undefined : { job: jobOf(job).row, created }
      })
    },
    getJobs: async (address, ids) => {
      const rows: JobRow[] = []
      for (let left = ids; left.length > 0; ) {
        const part = await run('getJobs', get, address, toJson(left))
        const read = part.filter((text) => text !== CUT).map(toJobRow)
        rows.push(...read)
        if (read.length === part.length) return rows
        left = behind(left, read)
      }
      return rows
    },
    listJobs: async (address, { states, afterId = '', limit }) => {
      const known = Object.keys(noJobs) as JobState[] // `noJobs` has all states and no other name
      const wanted = known.filter((state) => states === undefined || states.includes(state))
      if (wanted.length === 0) return []
      const rows: JobRow[] = []
      for (let after = afterId; ; after = rows.at(-1)?.id ?? after) {
        const room = String(limit - rows.length)
        const part = await run('listJobs', list(wanted), address, after, room)
        const read = part.filter((text) => text !== CUT).map(toJobRow)
        rows.push(...read)
        if (read.length === part.length) return rows
      }
    },
    countJobs: async (address) => {
      const counts = (await run('countJobs', count, address)).map(
        (text) => JSON.parse(text) as readonly [JobState, number], // as selected
      )
      return { ...noJobs, ...Object.fromEntries(counts) }
    },
    cancelJob: async (address, id) => (await run('cancelJob', cancel, address, id)).length > 0,
    claimJobs: async ({ address, limit, holder, leaseMs, batches }) => {
      const text = batches === undefined ? claimAny : claimOf
      const wanted = batches === undefined ? [] : [toJson(batches)]
      const parameters = [address, String(limit), holder, String(leaseMs), ...wanted]
      for (;;) {
        const claimed = (await run('claimJobs', text, ...parameters)).map(toJob)
        const spoilt = claimed.filter(({ readable }) => !readable).map(({ row }) => row)
        // When this fails the claim runs out, and whoever takes it next sets it aside.
        const isAside =
          spoilt.length === 0 ||
          (await run('claimJobs', setAside, address, toJson(spoilt)).then(
            () => true,
            () => false,
          ))
        const sound = claimed.filter(({ readable }) => readable).map(({ row }) => row)
        if (sound.length > 0 || spoilt.length === 0 || !isAside) return sound
      }
    },
    unclaimJobs: async (address, given) => {
      await inSteps(given.map(sized), (part) => run('unclaimJobs', unclaim, address, listOf(part)))
    },
    resolveJob: async (address, id, to) =>
      (await run('resolveJob', resolve, address, id, toJson(to))).length > 0,
    prune: async (address, olderThanMs) =>
      Number((await run('prune', prune, address, String(olderThanMs)))[0]),
  }
}

/** The ids that come after those of the rows, which are in their order. */
function behind(ids: readonly string[], rows: readonly JobRow[]): readonly string[] {
  let at = 0
  for (const { id } of rows) at = ids.indexOf(id, at) + 1
  return ids.slice(at)
}

type Added = { readonly job: WrittenJob | null; readonly created: boolean }

const hashOf = (cadence: string) =>
  bytesToHex(hashMessage(new TextEncoder().encode(cadence), 'SHA2_256'))
