/** Log files as CloudTrail delivers them to a bucket, from a folder that they were copied to. @module */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { SignerError } from '../errors.ts'
import { isObject } from '../signers/aws/thrown-facts.ts'
import { readTrailEvent, type TrailReading } from './trail-event.ts'

/** Bytes of one file when unpacked; CloudTrail closes them far below. */
const MAX_BYTES = 268_435_456
const unpack = promisify(gunzip)

/**
 * Reads each `.json` and `.json.gz` below the folder, in order of their names; digest files of the
 * integrity check are passed over, since AWS's own `validate-logs` reads those. Holds one file in memory.
 *
 * @throws {SignerError} `INVALID_OPTION` when the folder cannot be read, or has none. A file that cannot is told as
 *   `unreadable`.
 */
export async function* readTrailFolder(
  folder: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<TrailReading, void, undefined> {
  for (const file of await filesOf(folder)) {
    signal?.throwIfAborted()
    yield* readTrailLog(await readFile(join(folder, file)).catch(() => undefined), file)
  }
}

/**
 * Reads one delivered file.
 *
 * @param bytes - Packed by gzip or not; `undefined` for a file that could not be read.
 * @param place - Its name, for what cannot be read. Never throws.
 */
export async function* readTrailLog(
  bytes: Uint8Array | undefined,
  place: string,
): AsyncGenerator<TrailReading, void, undefined> {
  const told = await recordsOf(bytes)
  if (typeof told === 'string') yield { kind: 'unreadable', place, reason: told }
  else
    for (const [index, record] of told.entries())
      yield readTrailEvent(record, `${place}, record ${index + 1}`)
}

async function recordsOf(bytes: Uint8Array | undefined): Promise<readonly unknown[] | string> {
  if (bytes === undefined) return 'the file cannot be read'
  let log: unknown
  try {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
    const text = isPacked ? await unpack(bytes, { maxOutputLength: MAX_BYTES }) : bytes
    log = JSON.parse(Buffer.from(text).toString('utf8'))
  } catch {
    return 'the file is no JSON, or longer than any log'
  }
  if (isObject(log) && 'Records' in log && Array.isArray(log.Records)) return log.Records
  return isObject(log) && 'digestStartTime' in log ? [] : 'the file has no list of Records'
}

async function filesOf(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder, { recursive: true })
    const logs = names.filter((name) => /\.json(\.gz)?$/.test(name)).sort()
    if (logs.length > 0) return logs
  } catch {
    throw noLogs('it is not a folder that can be read')
  }
  // Of the wrong folder: all would seem to agree.
  throw noLogs('there is no log of CloudTrail in it, nor below')
}

const noLogs = (reason: string) => new SignerError('INVALID_OPTION', { option: 'folder', reason })
