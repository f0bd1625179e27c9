/** Whether what is stored is still what was asked for and approved. @module */

import type { Config } from '../config/config.ts'
import type { Session } from '../database/database.ts'
import type { EnabledFunction } from '../functions/registry.ts'
import { digestOf, jobIdOf } from '../requests/intent.ts'
import type { RequestRow } from '../requests/rows.ts'

type StoredItem = {
  readonly requestId: string
  readonly index: number
  readonly jobId: string
  readonly arguments: readonly string[]
}

/**
 * Makes the digest of each request anew, from every one of its items, the chain, the account and the
 * Cadence that would be signed. Comparing arguments with rows is not enough: the rows could have been
 * changed after somebody approved them.
 *
 * @param requests - Locked by the caller.
 * @returns The ids of those that have another digest now.
 */
export async function findAltered(
  session: Session,
  { network, account }: Pick<Config, 'network' | 'account'>,
  { template: { submission }, cadenceHash }: EnabledFunction,
  requests: readonly RequestRow[],
): Promise<ReadonlySet<string>> {
  const rows = await session.query<StoredItem>(
    `SELECT request_id AS "requestId", item_index AS index, job_id AS "jobId", arguments
    FROM items WHERE request_id = ANY ($1::text[]) ORDER BY request_id, item_index`,
    [requests.map(({ id }) => id)],
  )
  const items = new Map<string, StoredItem[]>(requests.map(({ id }) => [id, []]))
  for (const row of rows) items.get(row.requestId)?.push(row)
  const computeLimit = submission.kind === 'single' ? submission.computeLimit : null
  const isAltered = ({ id, function: functionName, digest }: RequestRow) => {
    const own = items.get(id) ?? []
    if (own.some(({ jobId, index }, place) => index !== place || jobId !== jobIdOf(id, index)))
      return true
    const intent = {
      chainId: network.chainId,
      account: account.address,
      requestId: id,
      functionName,
      cadenceHash,
      computeLimit,
      items: own.map((item) => item.arguments),
    }
    return digestOf(intent) !== digest
  }
  return new Set(requests.filter(isAltered).map(({ id }) => id))
}
