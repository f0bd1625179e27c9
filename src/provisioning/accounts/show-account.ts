/** An account as its owner wants to see it: balance, keys, and who holds which. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../../flow/access-node.ts'
import { readAccount } from '../../flow/accounts.ts'
import { assertKnownKeys } from '../../options.ts'
import { assertAuthorizer } from '../options.ts'
import { type AccountKeyReport, reportKeys, weightOf } from './held-keys.ts'

/** Options of `showAccount`. */
export type ShowAccountOptions = {
  readonly accessNode: string | AccessNodeOptions
  readonly address: string
  /** Its signers are matched with the keys; without it no key is held. */
  readonly authorizer?: KmsAuthorizer
  /** For example `flow-testnet`: refuses another chain. */
  readonly chainId?: string
  readonly signal?: AbortSignal
}

/** An account with its keys. */
export type AccountReport = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  /** In units of 10⁻⁸ FLOW. */
  readonly balance: bigint
  /** In FLOW, with 8 decimals, for example `12.34000000`. */
  readonly balanceText: string
  /** By index, revoked ones too. */
  readonly keys: readonly AccountKeyReport[]
  readonly totalWeightHeld: number
  /** Whether the signers reach weight 1,000 by themselves. */
  readonly canAuthorize: boolean
}

/**
 * @throws {SignerError} `INVALID_ADDRESS`, `INVALID_OPTION`, `ACCOUNT_NOT_FOUND`,
 * `CHAIN_MISMATCH`, the `ACCESS_NODE_…` codes and those of the signers.
 */
export async function showAccount(options: ShowAccountOptions): Promise<AccountReport> {
  assertKnownKeys(options, ['accessNode', 'address', 'authorizer', 'chainId', 'signal'])
  const { authorizer, chainId, signal } = options
  const address = normalizeAddress(options.address)
  const node = connectAccessNode(options.accessNode)
  if (authorizer !== undefined) assertAuthorizer('authorizer', authorizer)
  if (chainId !== undefined) await assertChain(node, chainId, { signal })
  const [account, publicKeys] = await Promise.all([
    readAccount(node, address, { signal }),
    authorizer?.publicKeys(signal === undefined ? {} : { signal }) ?? [],
  ])
  const keys = reportKeys(account, publicKeys)
  const totalWeightHeld = weightOf(keys)
  return Object.freeze({
    address,
    balance: account.balance,
    balanceText: flowText(account.balance),
    keys,
    totalWeightHeld,
    canAuthorize: totalWeightHeld >= REQUIRED_WEIGHT,
  })
}

/**
 * @param units - 10⁻⁸ FLOW, not negative.
 * @returns Decimal text with exactly 8 decimals.
 */
export function flowText(units: bigint): string {
  const digits = units.toString().padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`
}
