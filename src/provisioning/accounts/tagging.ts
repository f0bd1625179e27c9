/** Telling the KMS keys of a new account where they are used. @module */

import { isSignerError } from '../../errors.ts'
import { describeAwsKmsKey } from '../../signers/aws-kms/describe-key.ts'
import { accountTag, writeTag } from '../keys/account-tags.ts'
import { type KmsOptions, kmsOptions, openKms } from '../keys/kms-session.ts'
import { codeOf } from '../options.ts'

/** Something that failed beside what was asked for. */
export type Warning = {
  readonly code: string
  /** A sentence with the remedy. */
  readonly message: string
  readonly kmsKeyId: string
}

type TaggedKey = {
  readonly index: number
  readonly weight: number
  readonly kmsKeyId?: string | undefined
}

/**
 * Needs `kms:DescribeKey` and `kms:TagResource`. Never rejects: the account exists, and no tag is
 * worth hiding its address.
 */
export async function tagAccountKeys(options: {
  readonly client: KmsOptions['client']
  readonly limits: KmsOptions['limits'] | undefined
  readonly signal: AbortSignal | undefined
  readonly chainId: string
  readonly address: string
  readonly keys: readonly TaggedKey[]
}): Promise<readonly Warning[]> {
  const { client, limits, signal, chainId, address } = options
  const byKey = new Map<string, { keyIndex: number; weight: number }[]>()
  for (const { index: keyIndex, weight, kmsKeyId } of options.keys)
    if (kmsKeyId !== undefined)
      byKey.set(kmsKeyId, [...(byKey.get(kmsKeyId) ?? []), { keyIndex, weight }])
  const tagged = await Promise.all(
    [...byKey].map(async ([kmsKeyId, uses]): Promise<readonly Warning[]> => {
      try {
        const kms = await openKms({
          client,
          ...(limits === undefined ? {} : { limits }),
          ...(signal === undefined ? {} : { signal }),
        })
        // KMS takes no alias here.
        const { keyArn } = await describeAwsKmsKey({ ...kmsOptions(kms), keyId: kmsKeyId })
        await writeTag(kms, keyArn, accountTag(chainId, address, uses))
        return []
      } catch (thrown) {
        const message = isSignerError(thrown) ? thrown.message : 'The key could not be tagged.'
        return [{ code: codeOf(thrown), message, kmsKeyId }]
      }
    }),
  )
  return tagged.flat()
}
