/**
 * Anchors as lines of a file: on a disk of another machine, or append-only by `chattr +a`, where a line
 * that was torn by a power cut has to be taken off by hand.
 *
 * @module
 */

import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AdminError } from '../errors.ts'
import { type AnchorPlace, anchorText, readAnchorText } from './anchor-place.ts'
import type { AuditHead } from './audit.ts'

/** Bytes; a line is about 130. */
const LONGEST_LINE = 1_024

/** @param file - Made when it is not there, for its owner only; its folder by `prepare`. */
export const createFilePlace = (file: string): AnchorPlace =>
  Object.freeze<AnchorPlace>({
    kind: 'file',
    prepare: () => makeFolder(dirname(file)).catch(refuse),
    read: ({ after, signal }) => readLines(file, { after, signal }).catch(refuse),
    write: (head) => appendLine(file, `${anchorText(head)}\n`).catch(refuse),
  })

/**
 * All anchors of a file that a person names, such as a copy. Nobody goes on writing it, so that its last
 * line counts with or without a line feed.
 *
 * @throws {AdminError} `ANCHOR_FAILED`; `AUDIT_BROKEN` for a line that is no anchor, be it the last.
 */
export const readAnchorFile = (file: string): Promise<readonly AuditHead[]> =>
  readLines(file, { after: 0, lastCounts: true }).catch(refuse)

async function readLines(
  file: string,
  options: {
    readonly after: number
    readonly signal?: AbortSignal
    /** Whether a last line without its line feed is one; else it was never durable. */
    readonly lastCounts?: boolean
  },
): Promise<AuditHead[]> {
  const { after, signal, lastCounts = false } = options
  const anchors: AuditHead[] = []
  let rest = ''
  let line = 0
  const take = (text: string) => {
    line += 1
    const anchor = readAnchorText(text)
    if (anchor === undefined)
      throw new AdminError('AUDIT_BROKEN', { reason: 'line not an anchor', line })
    if (anchor.sequence > after) anchors.push(anchor)
  }
  const abort = signal === undefined ? {} : { signal }
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8', ...abort })) {
      const parts = `${rest}${chunk}`.split('\n')
      rest = parts.pop() ?? ''
      for (const part of rest.length > LONGEST_LINE ? [...parts, rest] : parts) take(part)
    }
    if (lastCounts && rest !== '') take(rest)
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown // before the first anchor
  }
  return anchors // the next write takes off a line that was never durable
}

async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (made !== undefined) await syncFolder(dirname(made))
}

async function appendLine(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const whole = await endOfLastLine(handle, size)
    if (whole < size) await handle.truncate(whole)
    await handle.appendFile(line)
    await handle.sync()
    if (size === 0) await syncFolder(dirname(file))
  } finally {
    await handle.close()
  }
}

/** @returns The offset after the last line feed; `size` where no torn line follows it. */
async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  const length = Math.min(size, LONGEST_LINE)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
  return size - length + buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
}

/** Or the name of a new file is lost by a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''

function refuse(thrown: unknown): never {
  if (thrown instanceof AdminError) throw thrown
  throw new AdminError('ANCHOR_FAILED', { part: 'anchor', cause: codeOf(thrown) }, thrown)
}
