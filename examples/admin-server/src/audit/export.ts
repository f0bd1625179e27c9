/** The trail as JSON Lines, and its verification without the database. @module */

import type { Audit, AuditHead, AuditVerification } from './audit.ts'
import { isBody, isObject } from './body.ts'
import { canonicalJson, isChainHash } from './canonical.ts'
import { type ChainRow, createChainCheck, verificationOf } from './chain-check.ts'
import { FIRST_HASH } from './tables.ts'

/** Records read at once. */
const PAGE = 250

/**
 * One record a line, as canonical JSON with the times in milliseconds; the last line is
 * `{"head":{"hash":…,"sequence":…}}`, without which a file is not whole. Without its members `hash` and
 * `previousHash` a line is the text that was hashed, so any tool that knows RFC 8785 can verify it.
 *
 * @returns Lines that end with a line feed, up to where the chain ended when it began.
 * @throws {AdminError} As `Audit.list`; the reason of `signal`.
 */
export async function* exportAudit(
  audit: Pick<Audit, 'head' | 'list'>,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<string, void, undefined> {
  const head = await audit.head()
  for (let after = 0; after < head.sequence; ) {
    options.signal?.throwIfAborted()
    const limit = Math.min(PAGE, head.sequence - after)
    const records = await audit.list({ after, limit })
    if (records.length === 0) break // a tail was cut off: the last line tells
    for (const record of records) {
      yield `${canonicalJson(record)}\n`
      after = record.sequence
    }
  }
  yield `${canonicalJson({ head })}\n`
}

/**
 * Verifies what `exportAudit` wrote. As the file holds its own head, only an anchor finds one that was
 * rewritten as a whole.
 *
 * @param lines - With or without their line feeds, for example `readline.createInterface(…)`.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  options: { readonly anchors?: readonly AuditHead[]; readonly signal?: AbortSignal } = {},
): Promise<AuditVerification> {
  const { anchors, signal } = options
  const check = createChainCheck(anchors && { anchors })
  let head: AuditHead | undefined
  for await (const text of lines) {
    signal?.throwIfAborted()
    const line = text.replace(/\r?\n$/, '')
    if (line === '') continue
    const found = head === undefined ? readLine(line) : undefined
    if (found !== undefined && 'head' in found) {
      head = found.head
      continue
    }
    const broken =
      found === undefined
        ? { sequence: check.last().sequence + 1, reason: 'line not a record' as const }
        : check.next(found.row)
    if (broken !== undefined) return verificationOf(check, head ?? none, broken)
  }
  const broken =
    head === undefined
      ? { sequence: check.last().sequence, reason: 'head missing' as const }
      : check.end(head)
  return verificationOf(check, head ?? none, broken)
}

const none: AuditHead = { sequence: 0, hash: FIRST_HASH }

/** Only what `exportAudit` writes: other spellings of the same JSON could be read in two ways. */
function readLine(
  line: string,
): { readonly row: ChainRow } | { readonly head: AuditHead } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (!isObject(value) || canonicalJson(value) !== line) return undefined
    if ('head' in value) return isHeadLine(value) ? { head: value.head } : undefined
    const { hash, previousHash, ...said } = value
    if (!isChainHash(hash) || !isChainHash(previousHash) || !isBody(said)) return undefined
    const { sequence, at, kind, actor } = said
    const row = { sequence, at, kind, actor, body: canonicalJson(said), previousHash, hash }
    return { row }
  } catch {
    return undefined // not JSON, or not what canonical text holds
  }
}

const isHeadLine = (value: object): value is { readonly head: AuditHead } =>
  'head' in value && Object.keys(value).length === 1 && isHead(value.head)

const isHead = (value: unknown): value is AuditHead =>
  isObject(value) &&
  Object.keys(value).length === 2 &&
  Number.isSafeInteger(value['sequence']) &&
  isChainHash(value['hash'])
