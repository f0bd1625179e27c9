/** CloudFormation and STS as they are called here: opened once, each call bounded and its failure sorted. @module */

import type { CloudFormationClientConfig } from '@aws-sdk/client-cloudformation'
import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { assertKnownKeys, assertSignal, assertTimeout } from '../../options.ts'
import { type AwsCall, readAwsFailure, unavailable } from './aws-failures.ts'

/** What every function of stacks takes. */
export type StackSettings = {
  /** Configuration of clients of the AWS SDK: Region, profile, endpoint, credentials. */
  readonly client: StackClientConfig
  /** Milliseconds for one call, with the retries of the client. Default 20,000. */
  readonly requestTimeoutMs?: number
  /** Ends waiting; what CloudFormation has begun goes on. */
  readonly signal?: AbortSignal
}

/** What clients of all services take. */
export type StackClientConfig = Pick<
  CloudFormationClientConfig,
  'region' | 'profile' | 'endpoint' | 'credentials' | 'requestHandler' | 'maxAttempts'
>

export type AwsCloudFormation = typeof import('@aws-sdk/client-cloudformation')

/** Opened clients, and who they are. */
export type StackSession = {
  readonly sdk: AwsCloudFormation
  readonly caller: StackCaller
  readonly signal: AbortSignal | undefined
  /** A call of another service with the same configuration, bounded and sorted as the others. */
  readonly bounded: <T>(
    operation: string,
    run: (abortSignal: AbortSignal) => Promise<T>,
  ) => Promise<T>
  /** @param operation - As IAM names it: `cloudformation:CreateChangeSet`. */
  readonly call: <T>(
    operation: string,
    send: (client: CloudFormation, options: { abortSignal: AbortSignal }) => Promise<T>,
  ) => Promise<T>
}

type CloudFormation = InstanceType<AwsCloudFormation['CloudFormationClient']>

/** Whose credentials these are, and where they lead. */
export type StackCaller = {
  readonly accountId: string
  readonly partition: string
  readonly region: string
}

export const settingNames = ['client', 'requestTimeoutMs', 'signal'] as const

/** @throws {SignerError} `AWS_SDK_MISSING`, `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`, or of a call. */
export async function openStacks(settings: StackSettings): Promise<StackSession> {
  const { client: config, requestTimeoutMs = 20_000, signal } = settings
  assertKnownKeys(config, [
    'region',
    'profile',
    'endpoint',
    'credentials',
    'requestHandler',
    'maxAttempts',
  ])
  assertTimeout('requestTimeoutMs', requestTimeoutMs)
  assertSignal(signal)
  const [sdk, sts] = await Promise.all([
    load('@aws-sdk/client-cloudformation', () => import('@aws-sdk/client-cloudformation')),
    load('@aws-sdk/client-sts', () => import('@aws-sdk/client-sts')),
  ])
  const client = made(() => new sdk.CloudFormationClient(config))
  const identities = made(() => new sts.STSClient(config))
  const bounded = <T>(operation: string, run: (abortSignal: AbortSignal) => Promise<T>) =>
    boundedCall({ operation, source: config }, { requestTimeoutMs, signal }, run)
  const region = await bounded('sts:GetCallerIdentity', () => client.config.region())
  const { Account = '', Arn = '' } = await bounded('sts:GetCallerIdentity', (abortSignal) =>
    identities.send(new sts.GetCallerIdentityCommand({}), { abortSignal }),
  )
  identities.destroy()
  const [, partition = ''] = Arn.split(':')
  return {
    sdk,
    caller: Object.freeze({ accountId: Account, partition, region }),
    signal,
    bounded,
    call: (operation, send) => bounded(operation, (abortSignal) => send(client, { abortSignal })),
  }
}

async function boundedCall<T>(
  call: AwsCall,
  { requestTimeoutMs, signal }: { requestTimeoutMs: number; signal: AbortSignal | undefined },
  run: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const onTimeout = () => unavailable(call, `no answer within ${requestTimeoutMs} ms`)
  try {
    return await withDeadline({ signal, timeoutMs: requestTimeoutMs, onTimeout }, run)
  } catch (thrown) {
    signal?.throwIfAborted()
    throw isSignerError(thrown) ? thrown : readAwsFailure(thrown, call)
  }
}

/** @throws {SignerError} `AWS_SDK_MISSING`. */
export async function load<T>(name: string, module: () => Promise<T>): Promise<T> {
  try {
    return await module()
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: name }, { cause })
  }
}

/**
 * The SDK reads some of it at once, and throws an Error of its own.
 *
 * @throws {SignerError} `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`.
 */
export function made<T>(make: () => T): T {
  try {
    return make()
  } catch (thrown) {
    if (thrown instanceof Error && /region/i.test(thrown.message))
      throw new SignerError('AWS_REGION_INVALID', { reason: 'it is empty or no Region name' })
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  }
}
