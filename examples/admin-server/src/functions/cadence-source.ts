/** Cadence of the package, with its imports resolved, as it is sent and as it is allowed. @module */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { AdminError } from '../errors.ts'

/** Contract name → `0x` and 16 lower-case digits. */
export type ContractAddresses = Readonly<Record<string, string>>

/**
 * @param file - Below `cadence/` of the package: `transactions/transfer.cdc`.
 * @returns The source, each `import "Name"` replaced by `import Name from 0x…`.
 * @throws {AdminError} `CONFIGURATION_INVALID`; `errors` names each contract without an address.
 */
export function readCadence(file: string, contracts: ContractAddresses): string {
  const source = readFileSync(join(cadenceFolder(), file), 'utf8')
  const imported = [...source.matchAll(byName)].map(([, name = '']) => name)
  const errors = imported
    .filter((name) => !/^0x[0-9a-f]{16}$/.test(addressOf(contracts, name)))
    .map((name) => ({
      field: `network.contracts.${name}`,
      detail: `${file} imports it. Give its address: 0x and 16 lower-case digits.`,
    }))
  if (errors.length > 0) throw new AdminError('CONFIGURATION_INVALID', { errors })
  return source.replace(
    byName,
    (_, name: string) => `import ${name} from ${addressOf(contracts, name)}`,
  )
}

const byName = /^import "(\w+)"$/gm
const addressOf = (contracts: ContractAddresses, name: string): string =>
  Object.hasOwn(contracts, name) ? (contracts[name] ?? '') : ''

/** @returns SHA3-256 of the UTF-8, 64 lower-case digits: what the policy's allow-list holds. */
export const hashCadence = (source: string): string =>
  createHash('sha3-256').update(source).digest('hex')

/**
 * Where Node.js would find the package. Its entry is not resolved: the folder belongs to no entry,
 * and where sources stand in for the package, as in tests, only the entries are told.
 */
function cadenceFolder(): string {
  const places = createRequire(import.meta.url).resolve.paths('fcl-kms') ?? []
  const folder = places.map((place) => join(place, 'fcl-kms', 'cadence')).find(existsSync)
  if (folder === undefined)
    throw new AdminError('INTERNAL', { reason: 'the package fcl-kms is not installed' })
  return folder
}
