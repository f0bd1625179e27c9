/** What a request is about, in one line: a list of "Mint an NFT" tells nobody which is which. @module */

import type { Session } from '../database/database.ts'
import type { Registry } from '../functions/registry.ts'
import type { RequestRow } from './rows.ts'

/** @returns The title of each request's first item by its id; without those that cannot be described. */
export async function readAbouts(
  session: Session,
  registry: Registry,
  requests: readonly Pick<RequestRow, 'id' | 'function'>[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ id: string; arguments: readonly string[] }>(
    `SELECT request_id AS id, arguments FROM items
    WHERE request_id = ANY ($1::text[]) AND item_index = 0`,
    [requests.map(({ id }) => id)],
  )
  const functions = new Map(requests.map((request) => [request.id, request.function]))
  return new Map(
    rows.flatMap((row) => {
      const enabled = registry.byName(functions.get(row.id) ?? '')
      if (enabled === undefined) return []
      try {
        return [[row.id, enabled.template.titleOf(row.arguments.map((text) => JSON.parse(text)))]]
      } catch {
        return [] // arguments that somebody changed: the review and the decision tell
      }
    }),
  )
}
