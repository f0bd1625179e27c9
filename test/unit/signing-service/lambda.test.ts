import { envelopeMessage } from '../../../src/crypto/transaction.ts'
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from '../../../src/signers/remote/protocol.ts'
import {
  type LambdaDoorOptions,
  type LambdaHttpReply,
  lambdaHandler,
} from '../../../src/signing-service/index.ts'
import { askingEnvelope, fullKey, serviceWith, signer, transaction, verifies } from './fixture.ts'

const body = JSON.stringify(askingEnvelope())
const headers = { 'Content-Type': 'application/json' }
const arn = 'arn:aws:sts::111122223333:assumed-role/minter/session'

/** As a function URL and an HTTP API send it. */
const second = (change: object = {}) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: '/',
  headers: { 'content-type': 'application/json' },
  requestContext: { http: { method: 'POST', path: '/' }, authorizer: { iam: { userArn: arn } } },
  body,
  isBase64Encoded: false,
  ...change,
})
/** As a REST API sends it. */
const first = (change: object = {}) => ({
  resource: '/sign',
  path: '/sign',
  httpMethod: 'POST',
  headers,
  multiValueHeaders: { 'Content-Type': ['application/json'] },
  requestContext: { httpMethod: 'POST', identity: { userArn: arn } },
  body,
  isBase64Encoded: false,
  ...change,
})
const base64 = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }

async function ask(event: unknown, options: LambdaDoorOptions = { trustCaller: true }) {
  const { service, events } = serviceWith()
  // The events here came by HTTP.
  const reply = (await lambdaHandler(service, options)(event)) as LambdaHttpReply
  return { ...reply, said: JSON.parse(reply.body), events }
}

describe('lambdaHandler', () => {
  it.each([
    ['a function URL', second()],
    ['a function URL, in base64', second(base64)],
    ['a REST API', first()],
    ['a REST API, in base64', first(base64)],
  ])('answers %s, and knows who asks', async (_name, event) => {
    const { statusCode, headers: sent, isBase64Encoded, said, events } = await ask(event)
    expect({ statusCode, isBase64Encoded }).toEqual({ statusCode: 200, isBase64Encoded: false })
    expect(sent).toMatchObject({ 'content-type': 'application/json' })
    expect(await verifies(said, envelopeMessage(transaction))).toBe(true)
    expect(events).toMatchObject([{ caller: arn, outcome: 'signed' }])
  })

  it('answers Invoke with the answer itself', async () => {
    const reply = await lambdaHandler(serviceWith().service)(askingEnvelope())
    expect(reply).not.toHaveProperty('statusCode')
    expect(await verifies(reply, envelopeMessage(transaction))).toBe(true)
  })

  it.each([
    [
      'mutual TLS of a REST API',
      first({ requestContext: { identity: { clientCert: { subjectDN: 'CN=a' } } } }),
    ],
    [
      'mutual TLS of an HTTP API',
      second({
        requestContext: {
          http: { method: 'POST' },
          authentication: { clientCert: { subjectDN: 'CN=a' } },
        },
      }),
    ],
  ])('takes the caller from %s', async (_name, event) => {
    expect((await ask(event)).events).toMatchObject([{ caller: 'CN=a' }])
  })

  it.each([first(), second()])(
    'believes no event who asks, unless it is told to',
    async (event) => {
      for (const options of [{}, { trustCaller: false }])
        expect((await ask(event, options)).events).toEqual([
          expect.not.objectContaining({ caller: expect.anything() }),
        ])
    },
  )

  it.each([{ trustCaller: 'yes' }, { trustsCaller: true }])('refuses the options %j', (options) => {
    const given = options as LambdaDoorOptions // what the types do not allow
    expect(() => lambdaHandler(serviceWith().service, given)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  it('takes no caller from the request itself', async () => {
    const { service, events } = serviceWith()
    const forged = { ...askingEnvelope(), requestContext: { identity: { userArn: arn } } }
    const reply = await lambdaHandler(service, { trustCaller: true })(forged)
    expect(reply).toMatchObject({ error: { code: 'SIGNING_REQUEST_MALFORMED' } })
    expect(events).toMatchObject([{ outcome: 'refused' }])
  })

  const over = `${body}${' '.repeat(MAX_REQUEST_BYTES)}`
  it.each<readonly [string, object, number]>([
    ['GET', second({ requestContext: { http: { method: 'GET' } } }), 405],
    ['GET of a REST API', first({ httpMethod: 'GET' }), 405],
    ['no content type', second({ headers: {} }), 415],
    ['no headers', second({ headers: null }), 415],
    ['gzip', first({ headers: { ...headers, 'Content-Encoding': 'gzip' } }), 415],
    ['a page in a browser', second({ headers: { ...headers, Origin: 'https://a.example' } }), 403],
    ['a key twice', second({ body: body.replace('"key":', '"key":"other","key":') }), 400],
    ['no body', second({ body: null }), 400],
    ['half a body', second({ body: body.slice(1) }), 400],
    ['base64 that does not say so', second({ ...base64, isBase64Encoded: false }), 400],
    ['base64 that is none', second({ body, isBase64Encoded: true }), 400],
    [
      'base64 with something between, which a decoder passes over',
      second({ ...base64, body: base64.body.replace(/^..../, '$&!') }),
      400,
    ],
    ['base64 of the URL kind', second({ body: '_-8', isBase64Encoded: true }), 400],
    ['2 MiB and more', second({ body: over }), 413],
    [
      '2 MiB and more in base64',
      second({ body: Buffer.from(over).toString('base64'), isBase64Encoded: true }),
      413,
    ],
  ])('refuses %s', async (_name, event, statusCode) => {
    const reply = await ask(event)
    expect(reply.statusCode).toBe(statusCode)
    expect(reply.said).toMatchObject({ version: 1, error: { code: expect.any(String) } })
    expect(reply.events).toMatchObject([{ outcome: 'refused' }])
  })

  it.each([undefined, null, 'hello', [], {}, { requestContext: 7 }, { Records: [{ body }] }])(
    'refuses an event that is %j',
    async (event) => {
      const reply = await lambdaHandler(serviceWith().service)(event)
      expect(reply).toMatchObject({ error: { code: 'SIGNING_REQUEST_MALFORMED' } })
    },
  )

  it('takes by Invoke no longer messages than by HTTP', async () => {
    const message = Buffer.alloc(MAX_MESSAGE_BYTES + 1).toString('base64')
    const reply = await lambdaHandler(serviceWith().service)({ ...askingEnvelope(), message })
    expect(reply).toMatchObject({ error: { code: 'SIGNING_REQUEST_TOO_LARGE' } })
  })

  it('answers before Lambda ends it', async () => {
    const sign = () => new Promise<never>(() => undefined)
    const { service } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    const context = { getRemainingTimeInMillis: () => 220 }
    const reply = await lambdaHandler(service)(second(), context)
    expect(reply).toMatchObject({ statusCode: 504 })
  })
})
