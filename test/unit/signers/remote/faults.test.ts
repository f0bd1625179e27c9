/** What goes wrong on the way to a signing service, and what it is called. @module */
import { inspect } from 'node:util'
import { codeOf } from '../../../../src/errors.ts'
import {
  createRemoteSigner,
  type RemoteSignerOptions,
} from '../../../../src/signers/remote/index.ts'
import { MAX_REPLY_BYTES } from '../../../../src/signers/remote/protocol.ts'
import {
  answerJson,
  type Behaviour,
  type Exchange,
  message,
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

const signerOf = (more: Partial<RemoteSignerOptions> = {}) =>
  createRemoteSigner({
    url: service.url,
    key: 'minter',
    publicKey: service.publicKey,
    ...more,
  } as RemoteSignerOptions) // a union, of which only one side is changed here

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )

const raw =
  (text: string): Behaviour =>
  ({ incoming }) => {
    incoming.socket.end(text)
  }
const status =
  (
    code: number,
    headers: Record<string, string> = {},
    body: unknown = '<html>no</html>',
  ): Behaviour =>
  ({ response }) =>
    answerJson(response, body, code, headers)
const json =
  (change: (good: Exchange['good']) => unknown): Behaviour =>
  ({ response, good }) =>
    answerJson(response, change(good))
const text = (body: string) => status(200, {}, body)

/** Far more than is read: written until the other side has left. */
const flood: Behaviour = ({ response }) => {
  response.writeHead(200, { 'content-length': String(900_000_000) })
  const block = Buffer.alloc(65_536, ' ')
  const more = () => {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', more)
  more()
}
const floodInChunks: Behaviour = ({ response }) => {
  response.writeHead(200)
  const block = Buffer.alloc(65_536, ' ')
  const more = () => {
    while (!response.destroyed && response.write(block));
  }
  response.on('drain', more)
  more()
}

/** What has no headers that could be read. */
const cut: readonly (readonly [string, Behaviour, string])[] = [
  [
    'a reset',
    ({ incoming }) => void incoming.socket.resetAndDestroy(),
    'REMOTE_SIGNER_UNAVAILABLE',
  ],
  [
    'a connection that is closed',
    ({ incoming }) => void incoming.socket.end(),
    'REMOTE_SIGNER_UNAVAILABLE',
  ],
  [
    'a reply that ends in its middle',
    ({ response }) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"version":1,', () => response.destroy())
    },
    'REMOTE_SIGNER_UNAVAILABLE',
  ],
  ['900 MB', flood, 'REMOTE_SIGNER_REPLY_INVALID'],
  ['chunks without an end', floodInChunks, 'REMOTE_SIGNER_REPLY_INVALID'],
  ['one byte too many', text(' '.repeat(MAX_REPLY_BYTES + 1)), 'REMOTE_SIGNER_REPLY_INVALID'],
  [
    'another protocol',
    raw('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
    'REMOTE_SIGNER_REPLY_INVALID',
  ],
  ['no HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), 'REMOTE_SIGNER_REPLY_INVALID'],
  [
    'headers of 100 kB',
    raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`),
    'REMOTE_SIGNER_REPLY_INVALID',
  ],
]

describe('what passes by itself', () => {
  const rows: readonly (readonly [string, Behaviour, string])[] = [
    ['a 500', status(500), 'REMOTE_SIGNER_UNAVAILABLE'],
    ['a 502 of a gateway', status(502), 'REMOTE_SIGNER_UNAVAILABLE'],
    ['a 503', status(503), 'REMOTE_SIGNER_UNAVAILABLE'],
    ['a 504', status(504), 'REMOTE_SIGNER_UNAVAILABLE'],
    ['a 408', status(408), 'REMOTE_SIGNER_UNAVAILABLE'],
    ['a 429', status(429), 'REMOTE_SIGNER_THROTTLED'],
    [
      'a ThrottlingException of AWS',
      status(400, { 'x-amzn-errortype': 'ThrottlingException:http://x/' }),
      'REMOTE_SIGNER_THROTTLED',
    ],
    ['an HTML page', text('<html><title>Sign in</title></html>'), 'REMOTE_SIGNER_REPLY_INVALID'],
    ['nothing', text(''), 'REMOTE_SIGNER_REPLY_INVALID'],
    ['a 204', status(204, {}, ''), 'REMOTE_SIGNER_REPLY_INVALID'],
    ['truncated JSON', text('{"version":1,'), 'REMOTE_SIGNER_REPLY_INVALID'],
    [
      'JSON that is not UTF-8',
      ({ response }) => void response.end(Buffer.from([0x22, 0xff, 0x22])),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    ['a number', text('1'), 'REMOTE_SIGNER_REPLY_INVALID'],
    ['null', text('null'), 'REMOTE_SIGNER_REPLY_INVALID'],
    ['an array', text('[]'), 'REMOTE_SIGNER_REPLY_INVALID'],
    [
      'an object of something else',
      text('{"message":"Internal Server Error"}'),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    ['no public key', json(({ publicKey: _, ...rest }) => rest), 'REMOTE_SIGNER_REPLY_INVALID'],
    [
      'a signature in upper case',
      json((good) => ({ ...good, signature: String(good['signature']).toUpperCase() })),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      'a signature as number',
      json((good) => ({ ...good, signature: 1 })),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      'a curve that Flow does not know',
      json((good) => ({ ...good, signatureAlgorithm: 'RSA' })),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      'a good body with 201',
      ({ response, good }) => answerJson(response, good, 201),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
    [
      'gzip',
      ({ response, good }) => answerJson(response, good, 200, { 'content-encoding': 'gzip' }),
      'REMOTE_SIGNER_REPLY_INVALID',
    ],
  ]
  it.each([...rows, ...cut])('%s once, and the signature comes', async (_, behaviour) => {
    service.behave((exchange) => (exchange.count === 1 ? behaviour(exchange) : 'well'))
    const reports: unknown[] = []
    const onReport = (report: unknown) => reports.push(report)
    expect(await signerOf().sign({ ...request, onReport })).toHaveLength(64)
    expect(reports).toEqual([
      { attempts: 2, requestId: expect.stringMatching(/^r\d+$/), keyId: 'a key in memory' },
    ])
  })

  it.each(rows)('%s for ever: the last word is its own', async (_, behaviour, code) => {
    service.behave((exchange) => {
      // Longer than a call may take, so that the first is the last.
      exchange.response.setHeader('retry-after', '3600')
      return behaviour(exchange)
    })
    const disposition = code === 'REMOTE_SIGNER_REPLY_INVALID' ? 'hold' : 'retry'
    expect(await rejection(signerOf().sign(request))).toMatchObject({ code, disposition })
  })

  it('what ends the connection, for ever: tried again until the time is over', async () => {
    const ends = cut.map(async ([_, behaviour, code]) => {
      await using own = await startService()
      own.behave(behaviour)
      const { url, publicKey } = own
      const signer = createRemoteSigner({ url, publicKey, key: 'minter', totalTimeoutMs: 3_000 })
      const error = await rejection(signer.sign(request))
      const again = !inspect(error).includes('attempts: 1,')
      return { code: codeOf(error), expected: code, again }
    })
    const told = await Promise.all(ends)
    expect(told).toEqual(cut.map(([, , code]) => ({ code, expected: code, again: true })))
  })
})

describe('what does not pass', () => {
  const rows: readonly (readonly [string, Behaviour, string, string])[] = [
    [
      'a redirect',
      status(302, { location: 'http://127.0.0.1:1/' }),
      'REMOTE_SIGNER_REPLY_INVALID',
      'hold',
    ],
    [
      'a permanent redirect',
      status(308, { location: '/other' }),
      'REMOTE_SIGNER_REPLY_INVALID',
      'hold',
    ],
    ['version 2', json((good) => ({ ...good, version: 2 })), 'REMOTE_SIGNER_REPLY_INVALID', 'hold'],
    ['a 418', status(418), 'REMOTE_SIGNER_REPLY_INVALID', 'hold'],
    ['a 413 of a proxy', status(413), 'REMOTE_SIGNER_REPLY_INVALID', 'hold'],
    ['a 401', status(401), 'REMOTE_SIGNER_DENIED', 'hold'],
    ['a 403', status(403), 'REMOTE_SIGNER_DENIED', 'hold'],
    ['a 407 of a proxy', status(407), 'REMOTE_SIGNER_DENIED', 'hold'],
    ['a 404', status(404), 'REMOTE_SIGNER_NOT_FOUND', 'hold'],
    ['a 405', status(405), 'REMOTE_SIGNER_NOT_FOUND', 'hold'],
    ['a 410', status(410), 'REMOTE_SIGNER_NOT_FOUND', 'hold'],
    [
      'another key name',
      json((good) => ({ ...good, key: 'payer' })),
      'REMOTE_SIGNER_REPLY_MISMATCH',
      'refuse',
    ],
    [
      'another public key',
      json((good) => ({ ...good, publicKey: 'a'.repeat(128) })),
      'REMOTE_SIGNER_REPLY_MISMATCH',
      'refuse',
    ],
    [
      'the other curve',
      json((good) => ({ ...good, signatureAlgorithm: 'ECDSA_P256' })),
      'REMOTE_SIGNER_REPLY_MISMATCH',
      'refuse',
    ],
    [
      'no signature',
      json(({ signature: _, ...rest }) => rest),
      'REMOTE_SIGNER_REPLY_MISMATCH',
      'refuse',
    ],
    [
      'a signature of zeros',
      json((good) => ({ ...good, signature: '0'.repeat(128) })),
      'MALFORMED_SIGNATURE',
      'refuse',
    ],
    [
      'a signature with one bit flipped',
      json((good) => ({
        ...good,
        signature: String(good['signature']).replace(/.$/, (d) =>
          (Number.parseInt(d, 16) ^ 1).toString(16),
        ),
      })),
      'SIGNATURE_INVALID',
      'refuse',
    ],
  ]
  it.each(rows)('%s ends the call after one request', async (_, behaviour, code, disposition) => {
    service.behave(behaviour)
    const before = service.requests.length
    expect(await rejection(signerOf().sign(request))).toMatchObject({ code, disposition })
    expect(service.requests.length - before).toBe(1)
  })

  it('a clock that is off is told from a denial, by the time that AWS tells', async () => {
    const date = new Date(Date.now() + 20 * 60_000).toUTCString()
    service.behave(status(403, { date, 'x-amzn-errortype': 'InvalidSignatureException' }))
    expect(await rejection(signerOf().sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_CLOCK_SKEWED',
      disposition: 'hold',
      context: { reason: expect.stringMatching(/^(1199|1200|1201) s between/) },
    })
  })
})

describe('what the service says', () => {
  const refusal = (code: string, more: object = {}, disposition = 'refuse') => ({
    version: 1,
    error: { code, disposition, message: 'A sentence.', ...more },
    requestId: 'r-77',
  })
  const rows = [
    ['SIGNING_DENIED', 403, 'REMOTE_SIGNER_REFUSED', 'refuse'],
    ['POLICY_REFUSED', 403, 'REMOTE_SIGNER_REFUSED', 'refuse'],
    ['MALFORMED_TRANSACTION', 400, 'REMOTE_SIGNER_REFUSED', 'refuse'],
    ['SIGNING_KEY_UNKNOWN', 404, 'REMOTE_SIGNER_REQUEST_REFUSED', 'fail'],
    ['SIGNING_REQUEST_TOO_LARGE', 413, 'REMOTE_SIGNER_REQUEST_REFUSED', 'fail'],
    ['KEY_DISABLED', 503, 'REMOTE_SIGNER_HELD', 'hold'],
    ['KMS_ACCESS_DENIED', 503, 'REMOTE_SIGNER_HELD', 'hold'],
    ['A_CODE_OF_TOMORROW', 403, 'REMOTE_SIGNER_REFUSED', 'refuse'],
    ['toString', 403, 'REMOTE_SIGNER_DENIED', 'hold'], // is no code: not of the protocol
    ['__PROTO__', 403, 'REMOTE_SIGNER_DENIED', 'hold'],
  ] as const
  it.each(rows)('%s with %d is %s (%s)', async (serviceCode, code, expected, disposition) => {
    // Whatever disposition it names itself.
    for (const word of ['retry', 'hold', 'fail', 'refuse']) {
      service.behave(status(code, {}, refusal(serviceCode, { reason: 'because' }, word)))
      const error = await rejection(signerOf().sign(request))
      expect(error).toMatchObject({ code: expected, disposition })
      if (/DENIED$/.test(expected)) continue
      expect(error).toMatchObject({
        context: { serviceCode, reason: 'because', requestId: 'r-77' },
      })
    }
  })

  it.each([
    ['KMS_TIMEOUT', 504, 'REMOTE_SIGNER_UNAVAILABLE'],
    ['STORE_UNAVAILABLE', 503, 'REMOTE_SIGNER_UNAVAILABLE'],
    ['KMS_THROTTLED', 429, 'REMOTE_SIGNER_THROTTLED'],
    ['SIGNING_SERVICE_BUSY', 503, 'REMOTE_SIGNER_THROTTLED'],
    ['A_CODE_OF_TOMORROW', 503, 'REMOTE_SIGNER_UNAVAILABLE'],
    ['A_CODE_OF_TOMORROW', 429, 'REMOTE_SIGNER_THROTTLED'],
  ])('%s with %d is tried again, and is %s in the end', async (serviceCode, code, expected) => {
    service.behave(({ response, count }) =>
      count === 1 ? answerJson(response, refusal(serviceCode), code) : 'well',
    )
    expect(await signerOf().sign(request)).toHaveLength(64)
    service.behave(status(code, { 'retry-after': '3600' }, refusal(serviceCode)))
    const error = await rejection(signerOf().sign(request))
    expect(error).toMatchObject({ code: expected, disposition: 'retry' })
  })

  it('is cut, holds no controls and no marks of direction, and the message is not shown', async () => {
    const reason = `a\u202eb\u2066c\u2028d\ud800${'e'.repeat(900)}`
    service.behave(
      status(403, {}, refusal('SIGNING_DENIED', { reason, message: 'do not show me' })),
    )
    const error = await rejection(signerOf().sign(request))
    expect(error).toMatchObject({ context: { reason: `a b c d ${'e'.repeat(292)}` } })
    expect(inspect(error, { depth: 10 })).not.toContain('do not show me')
  })
})

describe('a service that is slow', () => {
  it('as a Lambda that starts cold for 5 s signs, with no option set', async () => {
    service.behave(({ response, good }) => {
      setTimeout(() => answerJson(response, good), 5_000)
    })
    const reports: unknown[] = []
    await signerOf().sign({ ...request, onReport: (report) => reports.push(report) })
    expect(reports).toMatchObject([{ attempts: 1 }])
  })

  it.each([
    ['requestTimeoutMs', { requestTimeoutMs: 100, totalTimeoutMs: 350 }],
    ['totalTimeoutMs', { requestTimeoutMs: 10_000, totalTimeoutMs: 150 }],
  ])(
    'for ever is REMOTE_SIGNER_TIMEOUT that names %s, and leaves no connection',
    async (limit, some) => {
      const fresh = await startService()
      await using _ = fresh
      fresh.behave(() => undefined)
      const signer = createRemoteSigner({
        url: fresh.url,
        key: 'k',
        publicKey: fresh.publicKey,
        ...some,
      })
      expect(await rejection(signer.sign(request))).toMatchObject({
        code: 'REMOTE_SIGNER_TIMEOUT',
        disposition: 'retry',
        context: { limit },
      })
      const deadline = Date.now() + 30_000
      while (fresh.connections() > 0 && Date.now() < deadline)
        await new Promise((resolve) => setImmediate(resolve))
      expect(fresh.connections()).toBe(0)
    },
  )

  it('drop by drop ends by the same limit', async () => {
    service.behave(({ response }) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    const error = await rejection(
      signerOf({ requestTimeoutMs: 200, totalTimeoutMs: 300 }).sign(request),
    )
    expect(error).toMatchObject({ code: 'REMOTE_SIGNER_TIMEOUT' })
  })

  it('is asked again no sooner than it says', async () => {
    const at: number[] = []
    service.behave(({ response, count }) => {
      at.push(performance.now())
      return count === 1 ? answerJson(response, '', 429, { 'retry-after': '1' }) : 'well'
    })
    await signerOf().sign(request)
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950)
  })

  it('and asks for more patience than there is: the call ends at once', async () => {
    service.behave(status(503, { 'retry-after': '3600' }))
    const before = service.requests.length
    const error = await rejection(signerOf().sign(request))
    expect(error).toMatchObject({ code: 'REMOTE_SIGNER_UNAVAILABLE', context: { attempts: 1 } })
    expect(service.requests.length - before).toBe(1)
  })
})

describe('an error', () => {
  it.each([
    ['of the network', 'http://127.0.0.1:1', 'REMOTE_SIGNER_UNAVAILABLE'],
    ['of a name', 'https://nobody.invalid', 'REMOTE_SIGNER_UNAVAILABLE'],
  ])('%s has neither message nor cause of others', async (_, url, code) => {
    const error = await rejection(signerOf({ url, totalTimeoutMs: 500 }).sign(request))
    expect(error).toMatchObject({ code, disposition: 'retry' })
    expect((error as Error).cause).toBeUndefined()
    expect(inspect(error, { depth: 10 })).not.toContain(Buffer.from(message).toString('base64'))
  })
})
