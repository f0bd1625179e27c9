/** What only chain and KMS can tell of a configuration: asked once, before anything is served. @module */

import type { KmsAuthorizer } from 'fcl-kms'
import { NEEDED_WEIGHT } from '../approvals/quorum.ts'
import type { Config } from '../config/config.ts'
import { AdminError } from '../errors.ts'
import type { AccountKeys } from './account-keys.ts'

/** One thing that is wrong, as `loadConfig` tells of those that it finds. */
type AccountMistake = {
  readonly id: string
  readonly path: string
  readonly problem: string
  readonly remedy: string
}

/**
 * Every mistake at once. A key that was revoked since is none: its requests wait, and the dashboard
 * shows why.
 *
 * @throws {AdminError} `CONFIGURATION_INVALID` with `mistakes`; the codes of KMS and access nodes.
 */
export async function assertAccount(
  { account }: Pick<Config, 'account'>,
  authorizer: KmsAuthorizer,
  accountKeys: AccountKeys,
): Promise<void> {
  const publicKeys = await authorizer.publicKeys()
  const reported = await accountKeys.read()
  const texts = publicKeys.map(({ publicKey }) => publicKey)
  const mistakes: AccountMistake[] = account.keys.flatMap(({ key }, index) => {
    const path = `account.keys[${index}].key`
    if (texts.indexOf(texts[index] ?? '') !== index)
      return [
        {
          id: 'KEY_TWICE',
          path,
          problem: 'it is the same KMS key as one before it',
          remedy: 'Name each KMS key once: one rule is for one key.',
        },
      ]
    const isThere = reported.some((one) => one.key === key && one.weight > 0)
    return isThere
      ? []
      : [
          {
            id: 'KEY_NOT_ON_ACCOUNT',
            path,
            problem: `account ${account.address} has no key of weight with its public key`,
            remedy: 'Add it to the account, or take it out here. See fcl-kms doctor.',
          },
        ]
  })
  const weight = reported.reduce(
    (sum, one) => sum + (one.rule === undefined || !one.canSign ? 0 : one.weight),
    0,
  )
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
