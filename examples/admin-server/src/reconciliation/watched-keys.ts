/** The keys of the account as CloudTrail names them, and the Regions where they sign. @module */

import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms'
import { describeAwsKmsKey } from 'fcl-kms/signers/aws-kms'

/** See `readWatchedKeys`. */
export type WatchedKeys = {
  readonly arns: readonly string[]
  readonly regions: readonly string[]
}

/**
 * Needs no right that signing does not, but for a multi-Region key: only DescribeKey tells its replicas.
 *
 * @throws What KMS throws, and the codes of `describeAwsKmsKey`.
 */
export async function readWatchedKeys(
  kms: KMSClient,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<WatchedKeys> {
  const found = await Promise.all(
    keys.map(async (key) => {
      const { KeyId: arn = '' } = await kms.send(new GetPublicKeyCommand({ KeyId: key }), {
        abortSignal: signal,
      })
      const own = [arn.split(':')[3] ?? '']
      if (!arn.includes(':key/mrk-')) return { arn, regions: own }
      const { regions = [] } = await describeAwsKmsKey({ client: kms, keyId: arn, signal })
      return { arn, regions: [...own, ...regions] }
    }),
  )
  return {
    arns: found.map(({ arn }) => arn),
    regions: [...new Set(found.flatMap(({ regions }) => regions))],
  }
}
