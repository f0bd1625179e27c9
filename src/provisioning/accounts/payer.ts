/** Who pays for a transaction. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { type AuthorizeOptions, parseSelection } from '../../authorizer/selection.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import { assertAuthorizer } from '../options.ts'

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
