/** What the operations on KMS keys share: the client, its commands and the limits. @module */

import type {
  KMSClient,
  KMSClientConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-kms'
import { assertSignal } from '../../options.ts'
import { callKms, type KmsCommand } from '../../signers/aws-kms/call.ts'
import { assertKms, kmsClient, loadAwsKms } from '../../signers/aws-kms/client.ts'
import { type KmsLimits, kmsLimits } from '../../signers/aws-kms/limits.ts'

type AwsKms = Awaited<ReturnType<typeof loadAwsKms>>

/** Options of every function here that calls KMS. */
export type KmsOptions = {
  /** A client of yours, or the configuration of one. */
  readonly client: KMSClient | KMSClientConfig
  readonly limits?: Partial<KmsLimits>
  /** Ends waiting; what KMS was asked before may still happen. */
  readonly signal?: AbortSignal
}

/** An opened client. */
export type KmsSession = {
  readonly client: KMSClient
  readonly sdk: AwsKms
  readonly limits: KmsLimits
  readonly signal: AbortSignal | undefined
  /**
   * Calls with retries: only for operations that may happen twice, unless `mayRepeat` says no.
   *
   * @param command - Made anew for each time that it is sent.
   */
  readonly call: <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    target: {
      readonly keyId: string
      readonly operation: string
      readonly mayRepeat?: (thrown: unknown) => boolean
    },
    command: () => KmsCommand<Input, Output>,
  ) => Promise<Output>
}

/** @throws {SignerError} `AWS_SDK_MISSING`, `INVALID_OPTION`. */
export async function openKms(options: KmsOptions): Promise<KmsSession> {
  const { signal } = options
  assertSignal(signal)
  const limits = kmsLimits(options.limits ?? {})
  assertKms(options.client)
  const [client, sdk] = await Promise.all([kmsClient(options.client, limits), loadAwsKms()])
  return {
    client,
    sdk,
    limits,
    signal,
    call: async (target, command) =>
      (await callKms({ ...target, client, limits, signal, command })).reply,
  }
}

/** Options for a function that takes them as `exactOptionalPropertyTypes` wants them. */
export function kmsOptions({ client, limits, signal }: KmsSession): KmsOptions {
  return { client, limits, ...(signal === undefined ? {} : { signal }) }
}
