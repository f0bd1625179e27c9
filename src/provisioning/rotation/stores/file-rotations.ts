/** Rotations in files: a folder for each account, a file for each revision of its record. @module */

import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { normalizeAddress } from '../../../crypto/address.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { invalid } from '../../../options.ts'
import { temporaryName } from '../../../signers/sealed-key/stores/file-names.ts'
import {
  codeOfSystem,
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
 * @param folder - The first rotation makes it, with mode 0700: whoever only asks leaves nothing behind.
 * @throws {SignerError} `INVALID_OPTION`, also for a folder, or one of an account in it, that others than
 *   its owner may write to; `STORE_DENIED`, `STORE_UNAVAILABLE`. Each function of the store throws them,
 *   and those that read `ROTATION_RECORD_INVALID` too.
 */
export async function createFileRotations(folder: string): Promise<RotationStore> {
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0'))
    throw invalid('folder', 'it is not a path')
  const root = resolve(folder)
  await told('open', () => assertPrivate(root, 'it'))
  const placeOf = (address: string) => join(root, normalizeAddress(address))
  const standingOf = async (address: string) => {
    await assertPrivate(root, 'it')
    return standing(placeOf(address))
  }
  const read = async (address: string) => {
    const { stored } = await standingOf(address)
    return stored === undefined ? undefined : parseRecord(stored, normalizeAddress(address))
  }
  return Object.freeze({
    begin: (record) => told('begin', () => beginIn(root, placeOf(record.address), record)),
    replace: (record, expectedRevision) =>
      told('replace', async () => {
        const bytes = bytesOf(record)
        const place = placeOf(record.address)
        const { number, stored } = await standingOf(record.address)
        const found = stored === undefined ? undefined : parseRecord(stored, record.address)
        if (!isExpected(found, record, expectedRevision)) return false
        return put(place, number + 1, bytes)
      }),
    read: (address) => told('read', () => read(address)),
    list: () =>
      told('list', async () => {
        await assertPrivate(root, 'it')
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
    throw isSignerError(thrown) ? thrown : faultAt('the folder of the rotations', operation, thrown)
  }
}

/** @param place - What the fault is about, as an operator finds it. */
function faultAt(place: string, operation: string, thrown: unknown): unknown {
  const fault = isSignerError(thrown) ? thrown : storeFault(operation, thrown)
  if (!isSignerError(fault, 'STORE_DENIED')) return fault
  return new SignerError('STORE_DENIED', { operation, reason: `${place}: ${fault.context.reason}` })
}

/**
 * Whoever may write to a folder may put another record there. One that is not there is as good as empty.
 *
 * @param name - As it is told.
 */
async function assertPrivate(folder: string, name: string): Promise<void> {
  const found = await stat(folder).catch((thrown: unknown) => {
    if (codeOfSystem(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  if (found === undefined) return
  if (!found.isDirectory()) throw invalid('folder', `${name} is not a folder`)
  if (process.platform !== 'win32' && (found.mode & 0o022) !== 0)
    throw invalid('folder', `others than the owner of ${name} may write to it: chmod 700`)
}

/** How often a file may be emptied between two looks before it is a fault. */
const ROUNDS = 20

/** @returns The highest number, 0 where there is none, and what lies there. */
async function standing(place: string): Promise<{ number: number; stored: string | undefined }> {
  const address = basename(place)
  await assertPrivate(place, address)
  let before = 0
  for (let round = 0; round < ROUNDS; round++) {
    const names = (await namesIn(place)) ?? []
    const number = Math.max(0, ...names.map((name) => Number(NUMBERED.exec(name)?.[1] ?? 0)))
    if (number === 0) return { number, stored: undefined }
    const name = nameOf(number)
    const bytes = await readSmallFile(join(place, name), MAX_RECORD_LENGTH + 1).catch(
      (thrown: unknown) => {
        throw faultAt(`${address}/${name}`, 'read', thrown)
      },
    )
    if (bytes !== undefined && bytes.length > 0)
      return { number, stored: new TextDecoder().decode(bytes) }
    // Emptied by whoever has put two more there meanwhile; they would be seen by now.
    if (number === before)
      throw new SignerError('ROTATION_RECORD_INVALID', {
        address,
        reason: `its newest file, ${address}/${name}, is empty`,
      })
    before = number
  }
  throw new SignerError('STORE_UNAVAILABLE', { operation: 'read' })
}

async function beginIn(root: string, place: string, record: RotationRecord): Promise<boolean> {
  const bytes = bytesOf(record)
  if ((await mkdir(root, { recursive: true, mode: 0o700 })) !== undefined)
    await syncFolder(dirname(root))
  await assertPrivate(root, 'it')
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
