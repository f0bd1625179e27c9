/** What only chain and KMS can tell of a configuration: asked once, before anything is served. @module */

import type { KmsAuthorizer } from 'fcl-kms'
import { NEEDED_WEIGHT, standingKeys } from '../approvals/quorum.ts'
import type { Config } from '../config/config.ts'
import { AdminError } from '../errors.ts'
import type { AccountKeys } from './account-keys.ts'
import type { HeldSigner } from './signers.ts'

/** One thing that is wrong, as `loadConfig` tells of those that it finds. */
type AccountMistake = {
  readonly id: string
  readonly path: string
  readonly problem: string
  readonly remedy: string
}

/**
 * Every mistake at once. A key that was revoked since is none: its requests wait, and the dashboard
 * shows why. Nor is a successor that is not on the account yet, or a key whose successor is.
 *
 * @param signers - In the order of the authorizer.
 * @throws {AdminError} `CONFIGURATION_INVALID` with `mistakes`; the codes of KMS and access nodes.
 */
export async function assertAccount(
  { account }: Pick<Config, 'account'>,
  authorizer: KmsAuthorizer,
  signers: readonly HeldSigner[],
  accountKeys: AccountKeys,
): Promise<void> {
  const publicKeys = await authorizer.publicKeys()
  const mistakes = [
    ...findTwice(
      signers,
      publicKeys.map(({ publicKey }) => publicKey),
    ),
  ]
  const reported = await accountKeys.read()
  const named = new Set(mistakes.map(({ path }) => path))
  for (const holder of account.keys.keys()) {
    const isThere = reported.some(({ held, weight }) => held?.holder === holder && weight > 0)
    const path = pathOf({ holder, successor: false })
    if (!isThere && !named.has(path))
      mistakes.push({
        id: 'KEY_NOT_ON_ACCOUNT',
        path,
        problem: `account ${account.address} has no key of weight with its public key`,
        remedy: 'Add it to the account, or take it out here. See fcl-kms doctor.',
      })
  }
  const able = reported.flatMap(({ held, canSign, weight }) =>
    held === undefined || !canSign ? [] : [{ ...held, weight, revoked: false }],
  )
  const weight = standingKeys(able).reduce((sum, one) => sum + one.weight, 0)
  if (mistakes.length === 0 && weight < NEEDED_WEIGHT)
    mistakes.push({
      id: 'WEIGHT_TOO_LOW',
      path: 'account.keys',
      problem: `together they weigh ${weight}: nothing could ever be signed`,
      remedy: `Name keys that weigh ${NEEDED_WEIGHT}.`,
    })
  if (mistakes.length > 0)
    throw new AdminError('CONFIGURATION_INVALID', { file: 'The configuration', mistakes })
}

/** Both of one holder may be one: an alias that was moved to its successor when the rotation ended. */
function findTwice(
  signers: readonly HeldSigner[],
  publicKeys: readonly string[],
): readonly AccountMistake[] {
  return signers.flatMap((signer, index) => {
    const first = signers[publicKeys.indexOf(publicKeys[index] ?? '')]
    if (first === undefined || first.holder === signer.holder) return []
    return [
      {
        id: 'KEY_TWICE',
        path: pathOf(signer),
        problem: 'it is the same KMS key as one before it',
        remedy: 'Name each KMS key once: one rule is for one key.',
      },
    ]
  })
}

const pathOf = ({ holder, successor }: Pick<HeldSigner, 'holder' | 'successor'>) =>
  `account.keys[${holder}].${successor ? 'successor' : 'key'}`
