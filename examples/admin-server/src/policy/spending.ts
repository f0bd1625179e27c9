/** How much of a function was decided to be signed, by days in UTC, and what is left of its limits. @module */

import type { FunctionRules } from '../config/config.ts'
import type { Session } from '../database/database.ts'

/** What may still be signed. */
export type Allowance = {
  /** Before the limit of today, and of all days. `Infinity` where there is none. */
  readonly today: number
  readonly inAll: number
}

/**
 * Locks today's row of the function until the transaction ends, so that two processes cannot both
 * use what is left.
 */
export async function lockAllowance(
  session: Session,
  name: string,
  rules: FunctionRules,
): Promise<Allowance> {
  const { maxAmountPerDay = Infinity, maxAmountInAll = Infinity } = rules
  if (maxAmountPerDay === Infinity && maxAmountInAll === Infinity)
    return { today: Infinity, inAll: Infinity }
  // One row stands for all days: the lock that decides about the sum.
  await session.query(
    `INSERT INTO spending (function, day) VALUES ($1, '-infinity'), ($1, ${today})
    ON CONFLICT DO NOTHING`,
    [name],
  )
  await session.query(
    `SELECT 1 FROM spending WHERE function = $1 AND day IN ('-infinity', ${today})
    ORDER BY day FOR UPDATE`,
    [name],
  )
  const [row] = await session.query<{ today: number; inAll: number }>(
    `SELECT coalesce(sum(amount) FILTER (WHERE day = ${today}), 0)::bigint AS today,
      coalesce(sum(amount), 0)::bigint AS "inAll" FROM spending WHERE function = $1`,
    [name],
  )
  return {
    today: maxAmountPerDay - (row?.today ?? 0),
    inAll: maxAmountInAll - (row?.inAll ?? 0),
  }
}

/** Counts what was decided. */
export async function spend(session: Session, name: string, amount: number): Promise<void> {
  if (amount === 0) return
  await session.query(
    `INSERT INTO spending (function, day, amount) VALUES ($1, ${today}, $2)
    ON CONFLICT (function, day) DO UPDATE SET amount = spending.amount + excluded.amount`,
    [name, amount],
  )
}

const today = `(clock_timestamp() AT TIME ZONE 'UTC')::date`
