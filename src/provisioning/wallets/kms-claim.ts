/** One run at a time makes the account of a KMS key: who has the alias of the claim. @module */

import { isSignerError, SignerError } from '../../errors.ts'
import { describeAwsKmsKey } from '../../signers/aws-kms/describe-key.ts'
import { isRefusal } from '../keys/create-once.ts'
import { type KmsOptions, kmsOptions, openKms } from '../keys/kms-session.ts'

/** A claim that is ours. */
export type KmsClaim = {
  /** The alias. While it stands, no other run makes an account. */
  readonly alias: string
  /** Lets the next run have it. Not ended by a signal: an interrupted run must clear up, too. */
  readonly release: () => Promise<void>
}

/**
 * Tags cannot be written on a condition, but an alias can be made only once. A second
 * request after a lost answer would take our own claim for that of another run, so there is none. A claim has no end in time:
 * its holder may have been killed after its transaction was sent, and only people can look for that.
 *
 * Needs `kms:DescribeKey`, `kms:CreateAlias`, `kms:DeleteAlias`.
 *
 * @param options - `keyId`: key id, key ARN, `alias/name` or alias ARN.
 * @throws {SignerError} `WALLET_CLAIMED` when another run has it, `KEY_NOT_FOUND`, the `KMS_…` codes.
 */
export async function claimKmsKey(
  options: KmsOptions & { readonly keyId: string },
): Promise<KmsClaim> {
  const { keyId: given, signal: _signal, ...lasting } = options // which must end without it
  const kms = await openKms(options)
  const { keyArn } = await describeAwsKmsKey({ ...kmsOptions(kms), keyId: given })
  const alias = `alias/fcl-kms-wallet-${keyArn.replace(/^.*key\//, '')}`
  const input = { AliasName: alias, TargetKeyId: keyArn }
  const target = { keyId: alias, operation: 'CreateAlias', mayRepeat: isRefusal }
  try {
    await kms.call(target, () => new kms.sdk.CreateAliasCommand(input))
  } catch (thrown) {
    if (isTaken(thrown)) throw new SignerError('WALLET_CLAIMED', { keyId: given, alias })
    throw thrown
  }
  return {
    alias,
    async release() {
      const { call, sdk } = await openKms(lasting)
      const command = () => new sdk.DeleteAliasCommand({ AliasName: alias })
      await call({ keyId: alias, operation: 'DeleteAlias' }, command).catch((thrown: unknown) => {
        if (!isSignerError(thrown, 'KEY_NOT_FOUND')) throw thrown // else its answer was lost before
      })
    },
  }
}

const isTaken = (thrown: unknown) =>
  isSignerError(thrown, 'KMS_REQUEST_INVALID') &&
  thrown.context.reason.startsWith('AlreadyExistsException')
