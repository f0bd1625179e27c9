/** The door for AWS Lambda: function URL, API Gateway in both forms, and direct Invoke. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { MAX_REQUEST_BYTES } from '../signers/remote/protocol.ts'
import { headFault, parseBody, replyHeaders, tooLarge } from './http/head.ts'
import type { ServiceCall, ServiceResult, SigningService } from './service.ts'

/** What Lambda tells about an invocation. */
export type LambdaContext = { readonly getRemainingTimeInMillis?: () => number }

/** What goes back to a function URL or API Gateway. */
export type LambdaHttpReply = {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isBase64Encoded: false
}

/** Options of `lambdaHandler`. */
export type LambdaDoorOptions = {
  /**
   * Whether the policy and the log are told the caller that the event names. Whoever may `Invoke` the
   * function writes the whole event himself, and so names any caller: `true` only where nobody may but
   * function URL and API Gateway. Default `false`.
   */
  readonly trustCaller?: boolean
}

/**
 * Takes the event of a function URL or an HTTP API (payload 2.0), of a REST API or an HTTP API
 * (payload 1.0), or the request itself by Invoke. Which paths lead here is the business of the
 * API; who may call is that of IAM, so let no function URL without `AWS_IAM` lead here. With
 * `trustCaller` the policy is told the ARN that AWS found, or the subject of a client certificate.
 *
 * @returns A handler that never rejects: a throw would cost the warm worker.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function lambdaHandler(
  service: SigningService,
  options: LambdaDoorOptions = {},
): (event: unknown, context?: LambdaContext) => Promise<LambdaHttpReply | ServiceResult['body']> {
  assertKnownKeys(options, ['trustCaller'])
  const { trustCaller = false } = options
  if (typeof trustCaller !== 'boolean')
    throw new SignerError('INVALID_OPTION', {
      option: 'trustCaller',
      reason: 'it is neither true nor false',
    })
  return async (event, context) => {
    const request = readEvent(event)
    const call = { ...(trustCaller ? callerOf(event) : {}), ...timeOf(context) }
    if (request === undefined) return (await service.handle(event, call)).body
    const { status, body } = await answer(service, request, call)
    return {
      statusCode: status,
      headers: replyHeaders,
      body: JSON.stringify(body),
      isBase64Encoded: false,
    }
  }
}

async function answer(
  service: SigningService,
  { method, headers, body, isBase64Encoded }: HttpEvent,
  call: ServiceCall,
): Promise<ServiceResult> {
  const fault = headFault({ method, headers, path: undefined }, '')
  if (fault !== undefined) return { ...service.refuse(fault.error, call), status: fault.status }
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  if (bytes.length > MAX_REQUEST_BYTES) return service.refuse(tooLarge(bytes.length).error, call)
  try {
    // What is not base64 is passed over by the decoder, and would be another body.
    if (isBase64Encoded && bytes.toString('base64') !== body)
      throw new SignerError('SIGNING_REQUEST_MALFORMED', { reason: 'the body is not base64' })
    return await service.handle(parseBody(bytes), call)
  } catch (error) {
    return service.refuse(error, call)
  }
}

type HttpEvent = {
  readonly method: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly isBase64Encoded: boolean
}

/** @returns `undefined` for what came by Invoke. */
function readEvent(event: unknown): HttpEvent | undefined {
  const { httpMethod, requestContext, headers, body, isBase64Encoded } = record(event)
  const { method = httpMethod } = record(record(requestContext)['http'])
  if (typeof method !== 'string') return undefined
  const named = Object.entries(record(headers)).map(([name, value]) => [name.toLowerCase(), value])
  return {
    method,
    headers: Object.fromEntries(named),
    body: typeof body === 'string' ? body : '',
    isBase64Encoded: isBase64Encoded === true,
  }
}

/** What AWS has put into the event, unless it came by Invoke: then somebody else has. */
function callerOf(event: unknown): { readonly caller?: string } {
  const context = record(record(event)['requestContext'])
  const identity = record(context['identity'])
  const names = [
    record(record(context['authorizer'])['iam'])['userArn'],
    identity['userArn'],
    record(identity['clientCert'])['subjectDN'],
    record(record(context['authentication'])['clientCert'])['subjectDN'],
  ]
  const caller = names.find((name) => typeof name === 'string' && name !== '')
  return typeof caller === 'string' ? { caller: caller.slice(0, 512) } : {}
}

/** Some of the time is left for the reply. */
function timeOf(context: LambdaContext | undefined): { readonly timeoutMs?: number } {
  const leftMs = context?.getRemainingTimeInMillis?.()
  return leftMs === undefined ? {} : { timeoutMs: Math.max(1, leftMs - 200) }
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
