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
    read: ({ after, signal }) => readLines(file, after, signal).catch(refuse),
    write: (head) => appendLine(file, `${anchorText(head)}\n`).catch(refuse),
  })

async function readLines(file: string, after: number, signal: AbortSignal): Promise<AuditHead[]> {
  const anchors: AuditHead[] = []
  let rest = ''
  let line = 0
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8', signal })) {
      const parts = `${rest}${chunk}`.split('\n')
      rest = parts.pop() ?? ''
      for (const part of rest.length > LONGEST_LINE ? [...parts, rest] : parts) {
        line += 1
        const anchor = readAnchorText(part)
        if (anchor === undefined)
          throw new AdminError('AUDIT_BROKEN', { reason: 'line not an anchor', line })
        if (anchor.sequence > after) anchors.push(anchor)
      }
    }
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown // before the first anchor
  }
  return anchors // a last line without its line feed was never durable: the next write takes it off
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
