/** Where a wallet's record lies below the folder. @module */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { nameOfWallet } from '../wallet-id.ts'

/** Folders below the one that is given, so that none holds too many. */
export const shards: readonly string[] = Array.from({ length: 256 }, (_, index) =>
  index.toString(16).padStart(2, '0'),
)

/** Of one wallet: its name, and the folders it lies in. */
export type WalletPlace = { readonly shard: string; readonly folder: string }

export function placeOf(root: string, id: string): WalletPlace {
  const shard = join(root, createHash('sha256').update(id).digest('hex').slice(0, 2))
  return { shard, folder: join(shard, nameOfWallet(id)) }
}

/** Versions of a record are numbered from 1 on; the highest counts. */
const VERSION = /^[1-9][0-9]{0,8}$/

/** @returns The versions among the names of a folder, lowest first. */
export const versionsIn = (names: readonly string[]): readonly number[] =>
  names
    .filter((name) => VERSION.test(name))
    .map(Number)
    .sort((one, other) => one - other)

const TEMPORARY = /^\.[0-9a-f]{24}\.tmp$/

/** A file that is written, and has no name of a version yet. @param random - 24 digits. */
export const temporaryName = (random: string): string => `.${random}.tmp`

export const isTemporary = (name: string): boolean => TEMPORARY.test(name)
