/** What an approval does for a request, in a word. Pure. @module */

import type { Approval, Request } from '../types.ts'

/** With `until` the time at which it lapses follows. */
export type Standing =
  | 'counts until'
  | 'counted until'
  | 'counted'
  | 'does not count'
  | 'did not count'

/**
 * @param request - Over once it was decided, or ended: then it is as it was at that time.
 * @param now - Milliseconds since 1970.
 */
export function standingOf(
  { counts, expiresAt }: Pick<Approval, 'counts' | 'expiresAt'>,
  { decidedAt, finishedAt }: Pick<Request, 'decidedAt' | 'finishedAt'>,
  now: number,
): Standing {
  const over = decidedAt ?? finishedAt
  if (counts) return over === null ? 'counts until' : 'counted'
  const lapsed = Date.parse(expiresAt) <= (over === null ? now : Date.parse(over))
  if (lapsed) return 'counted until'
  return over === null ? 'does not count' : 'did not count'
}
