/** Records in files of one folder, private to their owner. @module */

import { basename, join, resolve } from 'node:path'
import { equalBytes } from '../../../crypto/bytes.ts'
import { SignerError } from '../../../errors.ts'
import { assertKnownKeys } from '../../../options.ts'
import type { SealedKeyStore, WalletPage } from '../key-store.ts'
import { walletOfName } from '../wallet-id.ts'
import { isTemporary, placeOf, shards, versionsIn } from './file-names.ts'
import {
  makeFolder,
  namesIn,
  openPrivateFolder,
  publish,
  readSmallFile,
  remove,
  syncFolder,
} from './files.ts'
import { told } from './store-fault.ts'

/**
 * Stands in the place of a record that was removed, since a number is never given twice. A file without
 * bytes is what a fault leaves, and not taken for one.
 */
const REMOVED = new TextEncoder().encode('removed\n')

/** What lies there now. */
type Standing = { readonly version: number; readonly bytes: Uint8Array | undefined }

/**
 * One folder for each wallet, one file for each version of its record. A version is given to one
 * process only, since its name is made by `link`; so any number of processes may share the folder, as
 * long as its file system has hard links and is not one of a network that keeps names for a while.
 *
 * @param options - `folder`: made with mode 0700 when it is not there.
 * @throws {SignerError} `INVALID_OPTION`, also for a folder that others may enter; `STORE_DENIED` and
 *   `STORE_UNAVAILABLE`, as each function of the store.
 */
export async function createFileKeyStore(options: {
  readonly folder: string
}): Promise<SealedKeyStore> {
  assertKnownKeys(options, ['folder'])
  if (typeof options.folder !== 'string' || options.folder === '' || options.folder.includes('\0'))
    throw new SignerError('INVALID_OPTION', { option: 'folder', reason: 'it is not a path' })
  const root = resolve(options.folder)
  await told('open', () => openPrivateFolder(root))
  const known = new Set<string>()
  return Object.freeze({
    create: (id, record) => told('create', () => createIn({ root, known }, id, record)),
    read: (id) => told('read', async () => (await standing(placeOf(root, id).folder)).bytes),
    list: ({ after = '', limit }) => told('list', () => listIn(root, after, limit)),
    replace: (id, expected, next) =>
      told('replace', () => replaceIn(placeOf(root, id).folder, expected, next)),
  } satisfies SealedKeyStore)
}

/** How often a version may be gone between two looks before it is a fault. */
const ROUNDS = 20

async function standing(folder: string): Promise<Standing> {
  for (let round = 0; round < ROUNDS; round++) {
    const versions = versionsIn((await namesIn(folder)) ?? [])
    const version = versions.at(-1)
    if (version === undefined) return { version: 0, bytes: undefined }
    const bytes = await readSmallFile(join(folder, String(version)))
    if (bytes === undefined) continue // replaced, and removed, meanwhile
    // Left by a process that was ended after it had made the next one.
    if (versions.length > 1) await removeBelow(folder, version).catch(() => undefined)
    return { version, bytes: equalBytes(bytes, REMOVED) ? undefined : bytes }
  }
  throw new SignerError('STORE_UNAVAILABLE', { operation: 'read' })
}

/** @param known - Shards that stay, since their folder was synced after they were made. */
async function createIn(
  { root, known }: { readonly root: string; readonly known: Set<string> },
  id: string,
  record: Uint8Array,
): Promise<boolean> {
  const { shard, folder } = placeOf(root, id)
  await makeFolder(shard)
  await makeFolder(folder)
  // Whoever made them before may have been ended before this.
  if (!known.has(shard)) await syncFolder(root)
  known.add(shard)
  await syncFolder(shard)
  const { version, bytes } = await standing(folder)
  return bytes === undefined && publishNext(folder, version, record)
}

async function replaceIn(
  folder: string,
  expected: Uint8Array,
  next: Uint8Array = REMOVED,
): Promise<boolean> {
  const { version, bytes } = await standing(folder)
  if (bytes === undefined || !equalBytes(bytes, expected)) return false
  if (!(await publishNext(folder, version, next))) return false
  await removeBelow(folder, version + 1)
  // Whoever was about to replace it finds that its file is gone, and that its version is taken.
  if (next === REMOVED)
    for (const name of (await namesIn(folder)) ?? [])
      if (isTemporary(name)) await remove(join(folder, name))
  await syncFolder(folder)
  return true
}

/**
 * A version that is gone leaves its name: who was away for as long as two others took finds it free.
 *
 * @returns False when a later version stands, whatever this one was to be.
 */
async function publishNext(folder: string, version: number, bytes: Uint8Array): Promise<boolean> {
  const name = String(version + 1)
  if (!(await publish(folder, name, bytes))) return false
  if (versionsIn((await namesIn(folder)) ?? []).at(-1) === version + 1) return true
  await remove(join(folder, name))
  return false
}

async function removeBelow(folder: string, version: number): Promise<void> {
  for (const older of versionsIn((await namesIn(folder)) ?? []))
    if (older < version) await remove(join(folder, String(older)))
}

/** In the order of the shards, and of the names in each. */
async function listIn(root: string, after: string, limit: number): Promise<WalletPage> {
  const ids: string[] = []
  const [afterShard = '', afterName = ''] = after.split('/')
  for (const shard of shards) {
    if (shard < afterShard) continue
    const names = ((await namesIn(join(root, shard))) ?? []).filter(
      (name) => walletOfName(name) !== undefined && (shard > afterShard || name > afterName),
    )
    for (const name of names.sort()) {
      ids.push(walletOfName(name) ?? '')
      if (ids.length === limit) return { ids, next: `${shard}/${basename(name)}` }
    }
  }
  return { ids }
}
