/** Statements and answers of bounded size. @module */

import { toJson } from './rows.ts'

/**
 * Bytes of the list that one statement is given; a longer list is given in several. PostgreSQL takes
 * 268,435,455 in a `jsonb`.
 */
const STATEMENT_BYTES = 64 * 1_048_576
/** Bytes of content after which a statement brings no further row; its first one comes in any case. */
export const ANSWER_BYTES: number = 16 * 1_048_576
/** What a statement brings in the place of a row that is one too many for its answer. */
export const CUT = 'null'

/** A column: the bytes of the rows before this one. */
export const before = (order: string, bytes: string): string =>
  `coalesce(sum(${bytes}) OVER (ORDER BY ${order}
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before`

/** The column `json`, of a row that has `before`. */
export const bounded = (json: string): string =>
  `CASE WHEN before < ${ANSWER_BYTES} THEN ${json} ELSE '${CUT}' END AS json`

/** One item of a list, as JSON. */
export type Sized = { readonly text: string; readonly bytes: number }

/** @param value - Anything that `toJson` writes. */
export function sized(value: unknown): Sized {
  const text = toJson(value)
  return { text, bytes: Buffer.byteLength(text) }
}

/** JSON of the whole list. */
export const listOf = (items: readonly Sized[]): string =>
  `[${items.map(({ text }) => text).join(',')}]`

/**
 * Runs a list in as many statements as it needs, one after the other. Each item is taken whole; when
 * a statement fails, those before it have been done.
 *
 * @param run - Takes a part of them and answers for each.
 */
export async function inSteps<Item extends Sized>(
  items: readonly Item[],
  run: (part: readonly Item[]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const answers: string[] = []
  let part: Item[] = []
  let room = STATEMENT_BYTES
  for (const item of items) {
    if (part.length > 0 && item.bytes > room) {
      answers.push(...(await run(part)))
      part = []
      room = STATEMENT_BYTES
    }
    part.push(item)
    room -= item.bytes
  }
  return [...answers, ...(await run(part))]
}
