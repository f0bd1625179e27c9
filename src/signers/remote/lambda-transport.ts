/** A Lambda that is invoked directly: no URL, no gateway. @module */

import type { LambdaClient, LambdaClientConfig } from '@aws-sdk/client-lambda'
import { SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import { withBoundedReply } from '../aws/bounded-reply.ts'
import { clientQueue } from '../aws/client-queue.ts'
import { assertPlace } from '../aws/configuration.ts'
import { checkedCredentials } from './credentials.ts'
import { lambdaFailed, replyTooLarge } from './failures.ts'
import type { RemoteSignerLimits } from './limits.ts'
import { MAX_REPLY_BYTES } from './protocol.ts'
import type { RemoteTransport } from './transport.ts'

/** Which function, and who asks. */
export type RemoteSignerLambda = {
  /** Its name, its ARN or a part of that. */
  readonly functionName: string
  /** A version or an alias. Default: the newest code, whatever it is. */
  readonly qualifier?: string
  /**
   * A `LambdaClient` of yours, or the configuration of one. Signers given the same object share one
   * client. Default: one with the Region and credentials that the AWS SDK finds.
   */
  readonly client?: object
}

type AwsLambda = typeof import('@aws-sdk/client-lambda')

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html FunctionName, Qualifier */
const NAME = /^[A-Za-z0-9:_-]{1,170}$/
const QUALIFIER = /^[A-Za-z0-9$_-]{1,128}$/

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertLambda(lambda: RemoteSignerLambda): void {
  if (typeof lambda !== 'object' || lambda === null)
    throw new SignerError('INVALID_OPTION', { option: 'lambda', reason: 'it is not an object' })
  assertKnownKeys(lambda, ['functionName', 'qualifier', 'client'])
  const { functionName, qualifier, client } = lambda
  const refuse = (option: string, reason: string) =>
    new SignerError('INVALID_OPTION', { option: `lambda.${option}`, reason })
  if (typeof functionName !== 'string' || !NAME.test(functionName))
    throw refuse('functionName', 'it is neither the name nor the ARN of a function')
  if (qualifier !== undefined && (typeof qualifier !== 'string' || !QUALIFIER.test(qualifier)))
    throw refuse('qualifier', 'it is neither a version nor an alias')
  if (client !== undefined && (typeof client !== 'object' || client === null))
    throw refuse('client', 'it is neither a LambdaClient nor the configuration of one')
}

/** @param lambda - Checked. */
export function createLambdaTransport(
  lambda: RemoteSignerLambda,
  limits: RemoteSignerLimits,
  maxSockets: number,
): RemoteTransport {
  const { functionName: FunctionName, qualifier, client: given = defaultClient } = lambda
  const client = () => lambdaClient(given, limits, maxSockets)
  const input = {
    FunctionName,
    InvocationType: 'RequestResponse',
    ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
  } as const
  return Object.freeze({
    target: `lambda:${FunctionName}${qualifier === undefined ? '' : `:${qualifier}`}`,
    queue: async () => clientQueue(await client()),
    async send(body, { signal, freshCredentials }) {
      const [{ InvokeCommand }, sender] = await Promise.all([loadLambda(), client()])
      const { config } = sender
      await assertPlace(sender, { leftMs: () => limits.requestTimeoutMs, signal })
      await checkedCredentials(() => config.credentials({ forceRefresh: freshCredentials }), config)
      signal.throwIfAborted()
      const command = new InvokeCommand({ ...input, Payload: body })
      const reply = await sender.send(withBoundedReply(command), { abortSignal: signal })
      if (reply.FunctionError !== undefined) throw lambdaFailed(reply.FunctionError)
      const payload = reply.Payload ?? new Uint8Array()
      if (payload.byteLength > MAX_REPLY_BYTES) throw replyTooLarge()
      return { status: 200, headers: {}, body: payload }
    },
  } satisfies RemoteTransport)
}

const defaultClient = {}
const clients = new WeakMap<object, Promise<LambdaClient>>()

const isClient = (given: object): given is LambdaClient =>
  'send' in given && typeof given.send === 'function' && 'config' in given

function lambdaClient(
  given: object,
  limits: RemoteSignerLimits,
  maxSockets: number,
): Promise<LambdaClient> {
  const known = clients.get(given)
  if (known !== undefined) return known
  const made = isClient(given)
    ? Promise.resolve(given)
    : loadLambda().then(({ LambdaClient }) => makeClient(LambdaClient, given, limits, maxSockets))
  made.catch(() => clients.delete(given))
  clients.set(given, made)
  return made
}

function makeClient(
  Client: AwsLambda['LambdaClient'],
  config: LambdaClientConfig,
  { connectionTimeoutMs, requestTimeoutMs }: RemoteSignerLimits,
  maxSockets: number,
): LambdaClient {
  const { requestHandler } = config
  const isHandler = typeof requestHandler === 'object' && 'handle' in requestHandler
  const own = {
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpsAgent: { maxSockets },
    httpAgent: { maxSockets },
  }
  try {
    return new Client({
      maxAttempts: 1, // trying again is done here, within the total time
      ...config,
      requestHandler: isHandler ? requestHandler : { ...own, ...requestHandler },
    })
  } catch (thrown) {
    // The SDK reads some of it at once, and throws an Error of its own.
    if (thrown instanceof Error && /region/i.test(thrown.message))
      throw new SignerError('AWS_REGION_INVALID', { reason: 'it is empty or no Region name' })
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'lambda.client', reason })
  }
}

async function loadLambda(): Promise<AwsLambda> {
  try {
    return await import('@aws-sdk/client-lambda')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@aws-sdk/client-lambda' }, { cause })
  }
}
