/** Who pays for a transaction, and which of its keys lends the sequence number. @module */

import type { BoundKey } from '../authorizer/bound-account.ts'
import type { KmsAuthorizer } from '../authorizer/kms-authorizer.ts'
import {
  type AuthorizeOptions,
  chooseKeys,
  chooseProposalKey,
  parseSelection,
} from '../authorizer/selection.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { SignerError } from '../errors.ts'
import { readAccount } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import { assertKnownKeys } from '../options.ts'
import { boundForChoice, reportKeys } from './held-keys.ts'
import { assertAuthorizer, invalid } from './options.ts'

/** An account that pays, proposes and authorizes. */
export type Payer = {
  readonly authorizer: KmsAuthorizer
  readonly address: string
  /** Which of its keys sign; as `authorizer.authorize` takes it. */
  readonly selection?: number | readonly number[] | Omit<AuthorizeOptions, 'signal'>
}

/**
 * @returns The payer with its address normalised.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`, `INVALID_KEY_INDEX`.
 */
export function checkPayer(payer: Payer): Payer {
  if (typeof payer !== 'object' || payer === null) throw invalid('payer', 'it is not an object')
  assertKnownKeys(payer, ['authorizer', 'address', 'selection'])
  assertAuthorizer('payer.authorizer', payer.authorizer)
  parseSelection(payer.selection)
  return { ...payer, address: normalizeAddress(payer.address) }
}

/**
 * Chooses as the authorizer itself will, before anything is signed.
 *
 * @throws {SignerError} `NO_KEY_HELD`, `WEIGHT_TOO_LOW`, `KEY_REVOKED`, `KEY_NOT_HELD`,
 * `KEY_INDEX_UNKNOWN`, and those of access node and signers.
 */
export async function choosePayerKey(
  node: NodeConnection,
  { authorizer, address, selection }: Payer,
  signal: AbortSignal | undefined,
): Promise<BoundKey> {
  const [account, publicKeys] = await Promise.all([
    readAccount(node, address, { signal }),
    authorizer.publicKeys(signal === undefined ? {} : { signal }),
  ])
  const reports = reportKeys(account, publicKeys)
  if (reports.every(({ heldBy }) => heldBy === undefined))
    throw new SignerError('NO_KEY_HELD', {
      address,
      signerIds: publicKeys.map(({ signerId }) => signerId),
    })
  const bound = boundForChoice(account, reports)
  const choice = parseSelection(selection)
  chooseKeys(bound, choice)
  return chooseProposalKey(bound, choice)
}
