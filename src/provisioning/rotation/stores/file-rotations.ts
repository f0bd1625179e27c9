/** Rotations in files: a folder for each account, a file for each revision of its record. @module */

import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { normalizeAddress } from '../../../crypto/address.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { invalid } from '../../../options.ts'
import { temporaryName } from '../../../signers/sealed-key/stores/file-names.ts'
import {
  makeFolder,
  namesIn,
  publish,
  readSmallFile,
  syncFolder,
} from '../../../signers/sealed-key/stores/files.ts'
import { storeFault } from '../../../signers/sealed-key/stores/store-fault.ts'
import { encodeRecord, isExpected, MAX_RECORD_LENGTH, openFirst, parseRecord } from '../record.ts'
import type { RotationRecord, RotationStore } from '../types.ts'

/**
 * Any number of processes may share the folder, as long as its file system has hard links and is not
 * one of a network that keeps names for a while. A number is given to one process only, since its name
 * is made by `link`; it is never free again, so that a process that was asleep cannot take it late.
 * What is older than the last two revisions is emptied.
 *
 * @param folder - Made with mode 0700 when it is not there.
 * @throws {SignerError} `INVALID_OPTION`, also for a folder that others than its owner may write to;
 *   `STORE_DENIED`, `STORE_UNAVAILABLE`, as each function of the store; those that read throw
 *   `ROTATION_RECORD_INVALID` too.
 */
export async function createFileRotations(folder: string): Promise<RotationStore> {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0'))
    throw invalid('folder', 'it is not a path')
  const root = resolve(folder)
  await told('open', () => openRoot(root))
  const placeOf = (address: string) => join(root, normalizeAddress(address))
  const read = async (address: string) => {
    const { stored } = await standing(placeOf(address))
    return stored === undefined ? undefined : parseRecord(stored, normalizeAddress(address))
  }
  return Object.freeze({
    begin: (record) => told('begin', () => beginIn(root, placeOf(record.address), record)),
    replace: (record, expectedRevision) =>
      told('replace', async () => {
        const bytes = bytesOf(record)
        const place = placeOf(record.address)
        const { number, stored } = await standing(place)
        const found = stored === undefined ? undefined : parseRecord(stored, record.address)
        if (!isExpected(found, record, expectedRevision)) return false
        return put(place, number + 1, bytes)
      }),
    read: (address) => told('read', () => read(address)),
    list: () =>
      told('list', async () => {
        const names = ((await namesIn(root)) ?? []).filter((name) => ADDRESS.test(name)).sort()
        const records: RotationRecord[] = []
        for (const name of names) {
          const record = await read(name)
          if (record !== undefined) records.push(record)
        }
        return openFirst(records)
      }),
  } satisfies RotationStore)
}

const ADDRESS = /^0x[0-9a-f]{16}$/
const NUMBERED = /^([1-9][0-9]{0,8})\.json$/
const nameOf = (number: number) => `${number}.json`

async function told<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    throw isSignerError(thrown) ? thrown : storeFault(operation, thrown)
  }
}

async function openRoot(root: string): Promise<void> {
  if ((await mkdir(root, { recursive: true, mode: 0o700 })) !== undefined)
    await syncFolder(dirname(root))
  const found = await stat(root)
  if (!found.isDirectory()) throw invalid('folder', 'it is not a folder')
  if (process.platform !== 'win32' && (found.mode & 0o022) !== 0)
    throw invalid('folder', 'others than its owner may write to it: chmod 700')
}

/** How often a file may be emptied between two looks before it is a fault. */
const ROUNDS = 20

/** @returns The highest number, 0 where there is none, and what lies there. */
async function standing(place: string): Promise<{ number: number; stored: string | undefined }> {
  for (let round = 0; round < ROUNDS; round++) {
    const names = (await namesIn(place)) ?? []
    const number = Math.max(0, ...names.map((name) => Number(NUMBERED.exec(name)?.[1] ?? 0)))
    if (number === 0) return { number, stored: undefined }
    const bytes = await readSmallFile(join(place, nameOf(number)), MAX_RECORD_LENGTH + 1)
    // Emptied by whoever has put two more there meanwhile.
    if (bytes !== undefined && bytes.length > 0)
      return { number, stored: new TextDecoder().decode(bytes) }
  }
  throw new SignerError('STORE_UNAVAILABLE', { operation: 'read' })
}

async function beginIn(root: string, place: string, record: RotationRecord): Promise<boolean> {
  const bytes = bytesOf(record)
  await makeFolder(place)
  await syncFolder(root)
  const { number, stored } = await standing(place)
  if (stored !== undefined && parseRecord(stored, record.address).state === 'open') return false
  return put(place, number + 1, bytes)
}

const bytesOf = (record: RotationRecord) => new TextEncoder().encode(encodeRecord(record))

async function put(place: string, number: number, bytes: Uint8Array): Promise<boolean> {
  if (!(await publish(place, nameOf(number), bytes))) return false
  // The record stands; one that stays full costs room and no more.
  if (number > 2) await empty(place, nameOf(number - 2)).catch(() => undefined)
  return true
}

/** By a name of its own first: whoever reads the old file just now reads it to its end. */
async function empty(place: string, name: string): Promise<void> {
  const temporary = join(place, temporaryName(randomBytes(12).toString('hex')))
  await (await open(temporary, 'wx', 0o600)).close()
  await rename(temporary, join(place, name))
}
