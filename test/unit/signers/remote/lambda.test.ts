/** What AWS Lambda answers to Invoke, and what it is called. @module */
import { LambdaClient } from '@aws-sdk/client-lambda'
import { codeOf } from '../../../../src/errors.ts'
import { createRemoteSigner } from '../../../../src/signers/remote/index.ts'
import { MAX_REPLY_BYTES } from '../../../../src/signers/remote/protocol.ts'
import {
  answerJson,
  type Behaviour,
  request,
  startService,
  type TestService,
} from './http-service.ts'

let service: TestService
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service?.[Symbol.asyncDispose]())
afterEach(() => service.behave(undefined))

const configOf = (url: string) => ({
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret-access-key' },
})
const signerOf = (more: object = {}, client: object = configOf(service.url)) =>
  createRemoteSigner({
    lambda: { functionName: 'signer', qualifier: 'live', client },
    publicKey: service.publicKey,
    key: 'k',
    ...more,
  })
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )

const aws =
  (status: number, name: string): Behaviour =>
  ({ response }) =>
    answerJson(response, { message: 'a text' }, status, { 'x-amzn-errortype': name })
const failed =
  (kind: string): Behaviour =>
  ({ response }) =>
    answerJson(response, { errorType: 'Error', errorMessage: 'do not show me' }, 200, {
      'x-amz-function-error': kind,
    })

it('the request is the payload, for this function and qualifier', async () => {
  expect(await signerOf().sign(request)).toHaveLength(64)
  const sent = service.requests.at(-1)
  expect(sent?.incoming.url).toBe('/2015-03-31/functions/signer/invocations?Qualifier=live')
  expect(sent?.incoming.headers['x-amz-invocation-type']).toBe('RequestResponse')
  expect(JSON.parse(sent?.body ?? '')).toMatchObject({ version: 1, operation: 'sign', key: 'k' })
})

describe('what passes', () => {
  const rows: readonly (readonly [string, Behaviour, string])[] = [
    [
      'an answer that is longer than one can be',
      ({ response, good }) =>
        answerJson(response, { ...good, more: ' '.repeat(MAX_REPLY_BYTES) }, 200),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    ['TooManyRequestsException', aws(429, 'TooManyRequestsException'), 'REMOTE_SIGNER_THROTTLED'],
    ['EC2ThrottledException', aws(502, 'EC2ThrottledException'), 'REMOTE_SIGNER_THROTTLED'],
    ['ServiceException', aws(500, 'ServiceException'), 'REMOTE_SIGNER_UNAVAILABLE'],
    ['ENILimitReachedException', aws(502, 'ENILimitReachedException'), 'REMOTE_SIGNER_UNAVAILABLE'],
    [
      'a function that is being changed',
      aws(409, 'ResourceConflictException'),
      'REMOTE_SIGNER_UNAVAILABLE',
    ],
    [
      'a function that is not ready',
      aws(502, 'ResourceNotReadyException'),
      'REMOTE_SIGNER_UNAVAILABLE',
    ],
    ['a function that threw', failed('Unhandled'), 'REMOTE_SIGNER_UNAVAILABLE'],
    [
      'a reset',
      ({ incoming }) => void incoming.socket.resetAndDestroy(),
      'REMOTE_SIGNER_UNAVAILABLE',
    ],
    [
      'a payload that is too long',
      ({ response }) => answerJson(response, ' '.repeat(MAX_REPLY_BYTES + 1)),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      '2 MB',
      ({ response }) => answerJson(response, ' '.repeat(2_000_000)),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    ['no payload', ({ response }) => answerJson(response, ''), 'REMOTE_SIGNER_REPLY_INVALID'],
    ['null', ({ response }) => answerJson(response, 'null'), 'REMOTE_SIGNER_REPLY_INVALID'],
    [
      'the reply of a door by HTTP',
      ({ response, good }) => answerJson(response, { statusCode: 200, body: JSON.stringify(good) }),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
  ]

  it.each(rows)('%s once, and the signature comes', async (_, behaviour) => {
    service.behave((exchange) => (exchange.count === 1 ? behaviour(exchange) : 'well'))
    const reports: unknown[] = []
    const onReport = (report: unknown) => reports.push(report)
    expect(await signerOf().sign({ ...request, onReport })).toHaveLength(64)
    expect(reports).toMatchObject([{ attempts: 2 }])
  })

  it('for ever is tried until the time is over, and has its name then', async () => {
    const told = rows.map(async ([name, behaviour]) => {
      await using own = await startService()
      own.behave(behaviour)
      const more = { publicKey: own.publicKey, totalTimeoutMs: 3_000 }
      const error = await rejection(signerOf(more, configOf(own.url)).sign(request))
      expect(String(error)).not.toContain('do not show me')
      return [name, codeOf(error), own.requests.length > 1]
    })
    expect(await Promise.all(told)).toEqual(rows.map(([name, , code]) => [name, code, true]))
  })
})

describe('what does not pass', () => {
  it.each<[string, Behaviour, string]>([
    ['ResourceNotFoundException', aws(404, 'ResourceNotFoundException'), 'REMOTE_SIGNER_NOT_FOUND'],
    ['AccessDeniedException', aws(403, 'AccessDeniedException'), 'REMOTE_SIGNER_DENIED'],
    [
      'UnrecognizedClientException',
      aws(403, 'UnrecognizedClientException'),
      'REMOTE_SIGNER_DENIED',
    ],
    [
      'RequestTooLargeException',
      aws(413, 'RequestTooLargeException'),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      'InvalidRequestContentException',
      aws(400, 'InvalidRequestContentException'),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      'a refusal of the service',
      ({ response }) =>
        answerJson(response, {
          version: 1,
          error: {
            code: 'POLICY_REFUSED',
            disposition: 'retry',
            message: 'No.',
            reason: 'because',
          },
          requestId: 'r',
        }),
      'REMOTE_SIGNER_REFUSED',
    ],
    [
      'a refusal by a code of tomorrow',
      ({ response }) =>
        answerJson(response, {
          version: 1,
          error: { code: 'TOMORROW', disposition: 'retry', message: 'No.' },
          requestId: 'r',
        }),
      'REMOTE_SIGNER_REFUSED',
    ],
  ])('%s ends the call after one request', async (_, behaviour, code) => {
    const before = service.requests.length
    service.behave(behaviour)
    expect(await rejection(signerOf().sign(request))).toMatchObject({ code })
    expect(service.requests.length - before).toBe(1)
  })

  it('a hang ends by its limit, and its socket is closed', async () => {
    await using own = await startService()
    own.behave(() => undefined)
    const { publicKey } = own
    const limits = { publicKey, requestTimeoutMs: 200, totalTimeoutMs: 350 }
    const error = await rejection(signerOf(limits, configOf(own.url)).sign(request))
    expect(error).toMatchObject({ code: 'REMOTE_SIGNER_TIMEOUT', disposition: 'retry' })
  })
})

describe('the client', () => {
  it('of the caller is used as it is, and keeps its own tries', async () => {
    const client = new LambdaClient({ ...configOf(service.url), maxAttempts: 2 })
    service.behave(({ response, count }) =>
      count === 1 ? aws(500, 'ServiceException')({ response } as never) : 'well',
    )
    expect(await signerOf({}, client).sign(request)).toHaveLength(64)
    client.destroy()
  })

  it.each<[string, object, string]>([
    [
      'credentials that fail',
      { credentials: async () => Promise.reject(new Error('a-secret')) },
      'REMOTE_SIGNER_CREDENTIALS',
    ],
    [
      'credentials that are none',
      { credentials: async () => ({ accessKeyId: 'A' }) },
      'AWS_CONFIG_INVALID',
    ],
    ['a region that is none', { region: 'no region' }, 'AWS_REGION_INVALID'],
    ['an empty region', { region: '' }, 'AWS_REGION_INVALID'],
    ['an endpoint that is none', { endpoint: 'nowhere' }, 'AWS_CONFIG_INVALID'],
  ])('with %s is told, and nothing is sent', async (_, config, code) => {
    const before = service.requests.length
    const signer = signerOf({ totalTimeoutMs: 1_000 }, { ...configOf(service.url), ...config })
    const error = await rejection(signer.sign(request))
    expect(error).toMatchObject({ code })
    expect(String(error)).not.toContain('a-secret')
    expect(service.requests).toHaveLength(before)
  })
})
