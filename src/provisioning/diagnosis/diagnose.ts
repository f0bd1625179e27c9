/** Everything that signing depends on, checked in one go, each finding with its remedy. @module */

import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import type { AccessNodeOptions } from '../../flow/access-node.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import { type KmsOptions, openKms } from '../keys/kms-session.ts'
import { diagnoseAccount } from './account.ts'
import type { Finding } from './finding.ts'
import { diagnoseKms } from './kms.ts'

/** Options of `diagnose`. */
export type DiagnoseOptions = KmsOptions & {
  readonly keyIds: readonly string[]
  readonly accessNode?: string | AccessNodeOptions
  /** The account that the keys are meant for. */
  readonly address?: string
  /** For example `flow-testnet`: another chain is a problem. */
  readonly chainId?: string
  /** 1 to 1000: what the keys must reach when others hold the rest. Default 1,000. */
  readonly requiredWeight?: number
}

/**
 * Region, credentials, endpoint, clock; for each key its state, public key and permission to sign
 * (a dry run: KMS signs nothing); access node and chain; account, its keys, and the weight reached.
 * What is wrong is a finding and never thrown. Takes at most about three times `totalTimeoutMs`.
 *
 * @throws {SignerError} `INVALID_OPTION` and `AWS_SDK_MISSING` only. Rejects with `signal.reason`.
 */
export async function diagnose(options: DiagnoseOptions): Promise<readonly Finding[]> {
  assertKnownKeys(options, [
    'client',
    'limits',
    'signal',
    'keyIds',
    'accessNode',
    'address',
    'chainId',
    'requiredWeight',
  ])
  const { keyIds, accessNode, address, chainId, signal, requiredWeight = REQUIRED_WEIGHT } = options
  if (!Array.isArray(keyIds)) throw invalid('keyIds', 'it is not a list')
  if (!Number.isInteger(requiredWeight) || requiredWeight < 1 || requiredWeight > REQUIRED_WEIGHT)
    throw invalid('requiredWeight', 'it is not a whole number from 1 to 1000')
  const kms = await openKms(options)
  const { findings, keys } = await diagnoseKms(kms, keyIds)
  const question = { accessNode, address, chainId, requiredWeight, signal }
  return Object.freeze([...findings, ...(await diagnoseAccount(question, keys))])
}
