/** A book in files of one folder, private to their owner. @module */

import { join, resolve } from 'node:path'
import { SignerError } from '../../../errors.ts'
import { assertKnownKeys, invalid } from '../../../options.ts'
import {
  makeFolder,
  namesIn,
  openPrivateFolder,
  publish,
  readSmallFile,
  remove,
  syncFolder,
} from '../../../signers/sealed-key/stores/files.ts'
import { told } from '../../../signers/sealed-key/stores/store-fault.ts'
import { nameOfWallet, walletOfName } from '../../../signers/sealed-key/wallet-id.ts'
import type { ListedWallet, WalletBook, WalletPage, WalletQuery, WalletRun } from '../book.ts'
import {
  decodeRun,
  decodeWallet,
  encodeRun,
  encodeWallet,
  listedWallet,
  MAX_RUN_BYTES,
  MAX_WALLET_BYTES,
} from '../record.ts'
import { checkWalletQuery } from '../wallet-query.ts'

/** Records that one call looks at in search of an address or a public key. */
const MAX_LOOKED_AT = 1_000

/**
 * One file for each wallet, made once by `link`, and one for each revision of the run. Any number of
 * processes may share the folder, as long as its file system has hard links. A search for an address or
 * a public key reads record after record: beyond some ten thousand wallets take `createSqlWalletBook`.
 *
 * @param options - `folder`: made with mode 0700 when it is not there.
 * @throws {SignerError} `INVALID_OPTION`, also for a folder that others may enter; `STORE_DENIED` and
 *   `STORE_UNAVAILABLE`, as each function of the book.
 */
export async function createFileWalletBook(options: {
  readonly folder: string
}): Promise<WalletBook> {
  assertKnownKeys(options, ['folder'])
  const { folder } = options
  if (typeof folder !== 'string' || folder === '' || folder.includes('\0'))
    throw invalid('folder', 'it is not a path')
  const root = resolve(folder)
  const wallets = join(root, 'wallets')
  const runs = join(root, 'run')
  await told('open', async () => {
    await openPrivateFolder(root)
    await Promise.all([makeFolder(wallets), makeFolder(runs)])
    await syncFolder(root)
  })
  return Object.freeze({
    read: (id) =>
      told('read', async () => {
        const text = await textOf(join(wallets, nameOfWallet(id)), MAX_WALLET_BYTES)
        return text === undefined ? undefined : decodeWallet(id, text)
      }),
    add: (wallet) =>
      told('add', () => publish(wallets, nameOfWallet(wallet.id), bytesOf(encodeWallet(wallet)))),
    list: (query) => told('list', () => listIn(wallets, checkWalletQuery(query))),
    readRun: () => told('readRun', () => currentRun(runs)),
    replaceRun: (run, expected) => told('replaceRun', () => replaceRun(runs, run, expected)),
  } satisfies WalletBook)
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

async function textOf(path: string, maxBytes: number): Promise<string | undefined> {
  const bytes = await readSmallFile(path, maxBytes + 1)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** A page that looked at enough ends early, and says where the next one begins. */
async function listIn(folder: string, query: WalletQuery): Promise<WalletPage> {
  const { prefix = '', after = '', limit, signal } = query
  const ids = ((await namesIn(folder)) ?? [])
    .flatMap((name) => walletOfName(name) ?? [])
    .filter((id) => id.startsWith(prefix) && id > after)
    .sort((one, other) => (one < other ? -1 : 1))
  const wallets: ListedWallet[] = []
  let lookedAt = 0
  for (const id of ids) {
    signal?.throwIfAborted()
    const text = await textOf(join(folder, nameOfWallet(id)), MAX_WALLET_BYTES)
    const wallet = text === undefined ? undefined : listedWallet(id, text)
    if (wallet !== undefined && isAsked(wallet, query)) wallets.push(wallet)
    lookedAt += 1
    const isLast = lookedAt === ids.length
    if (!isLast && (wallets.length === limit || lookedAt === MAX_LOOKED_AT))
      return { wallets, next: id }
  }
  return { wallets }
}

/** A damaged record has neither address nor public key that could be asked for. */
function isAsked(wallet: ListedWallet, { address, publicKey }: WalletQuery): boolean {
  if ('invalid' in wallet) return address === undefined && publicKey === undefined
  const isAddress = address === undefined || wallet.address === address
  return isAddress && (publicKey === undefined || wallet.publicKey === publicKey)
}

/** How often a revision may be gone between two looks before it is a fault. */
const ROUNDS = 20

const revisionsIn = async (folder: string) =>
  ((await namesIn(folder)) ?? [])
    .filter((name) => /^[1-9][0-9]{0,14}$/.test(name))
    .map(Number)
    .sort((one, other) => one - other)

async function currentRun(folder: string): Promise<WalletRun | undefined> {
  for (let round = 0; round < ROUNDS; round++) {
    const revision = (await revisionsIn(folder)).at(-1)
    if (revision === undefined) return undefined
    const text = await textOf(join(folder, String(revision)), MAX_RUN_BYTES)
    if (text === undefined) continue // replaced meanwhile
    const run = decodeRun(text)
    if (run.revision !== revision) throw new SignerError('WALLET_RECORD_INVALID', { id: 'run' })
    return run
  }
  throw new SignerError('STORE_UNAVAILABLE', { operation: 'readRun' })
}

async function replaceRun(folder: string, run: WalletRun, expected: number): Promise<boolean> {
  if (((await revisionsIn(folder)).at(-1) ?? 0) !== expected) return false
  const name = String(run.revision)
  if (!(await publish(folder, name, bytesOf(encodeRun(run))))) return false
  const revisions = await revisionsIn(folder)
  // The name was free since whoever had it went on from there, and a higher one stands.
  if (revisions.at(-1) !== run.revision) {
    await remove(join(folder, name))
    return false
  }
  for (const older of revisions) if (older < run.revision) await remove(join(folder, String(older)))
  await syncFolder(folder)
  return true
}
