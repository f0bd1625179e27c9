/** Signature Version 4 of our requests, by code that shares none with AWS's; and credentials. @module */
import { createHash, createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  createRemoteSigner,
  type RemoteSignerCredentials,
  type RemoteSignerOptions,
} from '../../../../src/signers/remote/index.ts'
import { scopeOfHost } from '../../../../src/signers/remote/sigv4.ts'
import {
  answerJson,
  type Exchange,
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

const static_ = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret-access-key' }
const sigv4 = { service: 'lambda', region: 'eu-central-1' } as const
const signerOf = (more: object = {}) =>
  createRemoteSigner({
    url: `${service.url}/live/sign`,
    publicKey: service.publicKey,
    key: 'k',
    sigv4,
    ...more,
  } as RemoteSignerOptions)

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )
const last = (): Exchange => {
  const found = service.requests.at(-1)
  if (found === undefined) throw new Error('nothing came')
  return found
}

/** By the steps of the AWS documentation, from what arrived. */
function signatureOf({ incoming, body }: Exchange, secret: string, region: string, name: string) {
  const { method, url, headers } = incoming
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest()
  const [, signed = ''] = /SignedHeaders=([^,]+)/.exec(String(headers.authorization)) ?? []
  const lines = signed.split(';').map((each) => `${each}:${String(headers[each]).trim()}\n`)
  const canonical = [method, url, '', lines.join(''), signed, hash(body)].join('\n')
  const time = String(headers['x-amz-date'])
  const scope = `${time.slice(0, 8)}/${region}/${name}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((k, part) => hmac(k, part), `AWS4${secret}`)
  return { scope, signed, signature: hmac(key, text).toString('hex') }
}

describe('a request to AWS', () => {
  it.each([
    ['lambda', 'eu-central-1'],
    ['execute-api', 'us-gov-west-1'],
  ] as const)('for %s in %s is signed over host, type, time and body', async (name, region) => {
    await signerOf({ credentials: static_, sigv4: { service: name, region } }).sign(request)
    const { scope, signed, signature } = signatureOf(last(), static_.secretAccessKey, region, name)
    expect(last().incoming.headers.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=${static_.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    )
    expect(signed).toBe('content-type;host;x-amz-date')
  })

  it('has no x-amz-content-sha256, with which nobody would look at the body', async () => {
    await signerOf({ credentials: static_ }).sign(request)
    expect(Object.keys(last().incoming.headers).filter((name) => /sha256/.test(name))).toEqual([])
  })

  it('is another once a bit of any byte was changed, of head or body', async () => {
    await signerOf({ credentials: static_ }).sign(request)
    const { incoming, body } = last()
    const { authorization = '', ...headers } = incoming.headers
    type Parts = { method: string; url: string; body: string; headers: object; shown: string }
    const parts: Parts = {
      method: String(incoming.method),
      url: String(incoming.url),
      body,
      headers,
      shown: authorization,
    }
    /** As AWS does it: from what came, and the secret of whom it names. */
    const isTaken = ({ shown, headers: told, ...sent }: Parts) => {
      const exchange = { incoming: { ...sent, headers: { ...told, authorization: shown } } }
      const { scope, signed, signature } = signatureOf(
        { ...exchange, body: sent.body } as unknown as Exchange, // all of one that is looked at
        static_.secretAccessKey,
        'eu-central-1',
        'lambda',
      )
      return (
        shown ===
        `AWS4-HMAC-SHA256 Credential=${static_.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
      )
    }
    expect(isTaken(parts)).toBe(true)
    const flipped = (text: string, at: number) =>
      text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
    let changes = 0
    for (const part of ['method', 'url', 'body', 'shown'] as const)
      for (let at = 0; at < parts[part].length; at += 1, changes += 1)
        expect([part, at, isTaken({ ...parts, [part]: flipped(parts[part], at) })]).toContain(false)
    for (const name of ['host', 'content-type', 'x-amz-date'] as const)
      for (let at = 0; at < String(headers[name]).length; at += 1, changes += 1) {
        const value = flipped(String(headers[name]), at)
        expect(isTaken({ ...parts, headers: { ...headers, [name]: value } })).toBe(false)
      }
    expect(changes).toBeGreaterThan(body.length + 200)
  })

  it('of a role carries its token, and signs it', async () => {
    await signerOf({ credentials: { ...static_, sessionToken: 'a-token' } }).sign(request)
    expect(last().incoming.headers['x-amz-security-token']).toBe('a-token')
    expect(signatureOf(last(), static_.secretAccessKey, 'eu-central-1', 'lambda')).toMatchObject({
      signed: 'content-type;host;x-amz-date;x-amz-security-token',
      signature: /Signature=(\w+)/.exec(String(last().incoming.headers.authorization))?.[1],
    })
  })

  it('is signed anew when it is sent again', async () => {
    service.behave(({ response, count }) => (count === 1 ? answerJson(response, '', 503) : 'well'))
    await signerOf({ credentials: static_ }).sign(request)
    const signature = signatureOf(last(), static_.secretAccessKey, 'eu-central-1', 'lambda')
    expect(String(last().incoming.headers.authorization)).toContain(signature.signature)
  })

  it.each([
    ['abcdefghij.lambda-url.eu-central-1.on.aws', 'lambda', 'eu-central-1'],
    ['a1b2c3.execute-api.us-east-1.amazonaws.com', 'execute-api', 'us-east-1'],
    ['a1b2c3-vpce-01.execute-api.us-east-1.amazonaws.com', 'execute-api', 'us-east-1'],
    ['vpce-01.execute-api.us-east-1.vpce.amazonaws.com', 'execute-api', 'us-east-1'],
    ['a1b2c3.execute-api.cn-north-1.amazonaws.com.cn', 'execute-api', 'cn-north-1'],
  ])('to %s tells its scope', (host, name, region) => {
    expect(scopeOfHost(host)).toEqual({ service: name, region })
  })

  it.each([
    'signer.example.com',
    'a.lambda-url.eu-central-1.on.aws.example.com',
    'lambda-url.eu-central-1.on.aws',
    'evil.com.execute-api.us-east-1.amazonaws.com.evil.com',
    's3.us-east-1.amazonaws.com',
  ])('to %s tells none, so it is not signed unasked', (host) => {
    expect(scopeOfHost(host)).toBeUndefined()
  })
})

describe('credentials', () => {
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000)

  it('with an end are asked for once, until a minute before it', async () => {
    let asked = 0
    let expiration = inMinutes(60)
    const credentials = async () => {
      asked += 1
      return { ...static_, expiration }
    }
    const signer = signerOf({ credentials })
    await signer.sign(request)
    await signer.sign(request)
    expect(asked).toBe(1)
    expiration = inMinutes(0.5)
    const late = signerOf({ credentials })
    await late.sign(request)
    await late.sign(request)
    expect(asked).toBe(3)
  })

  it('are asked for once by many signatures at the same time', async () => {
    let asked = 0
    const credentials = async () => {
      asked += 1
      await new Promise((resolve) => setImmediate(resolve))
      return { ...static_, expiration: inMinutes(60) }
    }
    const signer = signerOf({ credentials })
    await Promise.all(Array.from({ length: 20 }, () => signer.sign(request)))
    expect(asked).toBe(1)
  })

  it('without an end are asked for each time', async () => {
    let asked = 0
    const credentials = () => {
      asked += 1
      return static_
    }
    const signer = signerOf({ credentials })
    await signer.sign(request)
    await signer.sign(request)
    expect(asked).toBe(2)
  })

  it('that AWS calls expired are asked for anew, once', async () => {
    const given: string[] = []
    const credentials = async (): Promise<RemoteSignerCredentials> => {
      const sessionToken = `token-${given.length}`
      given.push(sessionToken)
      return { ...static_, sessionToken, expiration: inMinutes(60) }
    }
    service.behave(({ incoming, response }) =>
      incoming.headers['x-amz-security-token'] === 'token-0'
        ? answerJson(response, '', 403, { 'x-amzn-errortype': 'ExpiredTokenException' })
        : 'well',
    )
    expect(await signerOf({ credentials }).sign(request)).toHaveLength(64)
    expect(given).toEqual(['token-0', 'token-1'])
    service.behave(({ response }) =>
      answerJson(response, '', 403, { 'x-amzn-errortype': 'ExpiredTokenException' }),
    )
    expect(await rejection(signerOf({ credentials }).sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_DENIED',
      context: { reason: 'ExpiredTokenException, HTTP 403' },
    })
    expect(given).toHaveLength(4)
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['no secret', { accessKeyId: 'AKIA' }],
    ['a line feed in the key', { ...static_, accessKeyId: 'AKIA\n' }],
    ['a space in the token', { ...static_, sessionToken: 'a b' }],
  ])(
    'of a function that gives %s are AWS_CONFIG_INVALID, and nothing is sent',
    async (_, given) => {
      const before = service.requests.length
      const error = await rejection(signerOf({ credentials: async () => given }).sign(request))
      expect(error).toMatchObject({
        code: 'AWS_CONFIG_INVALID',
        context: { setting: 'credentials' },
      })
      expect(service.requests).toHaveLength(before)
    },
  )

  it('of a function that throws are REMOTE_SIGNER_CREDENTIALS, without what it said', async () => {
    const credentials = async () => {
      throw new Error('it was a-secret-access-key')
    }
    const error = await rejection(signerOf({ credentials }).sign(request))
    expect(error).toMatchObject({ code: 'REMOTE_SIGNER_CREDENTIALS', disposition: 'hold' })
    expect(inspect(error, { depth: 10 })).not.toContain('a-secret')
  })

  it('of a function that is throttled are asked for again', async () => {
    let asked = 0
    const credentials = async () => {
      asked += 1
      if (asked === 1) throw Object.assign(new Error('slow'), { name: 'ThrottlingException' })
      return static_
    }
    expect(await signerOf({ credentials }).sign(request)).toHaveLength(64)
  })

  it('of a function that never answers end by the limit', async () => {
    const credentials = () => new Promise<never>(() => undefined)
    const signer = signerOf({ credentials, requestTimeoutMs: 50, totalTimeoutMs: 120 })
    expect(await rejection(signer.sign(request))).toMatchObject({ code: 'REMOTE_SIGNER_TIMEOUT' })
  })

  describe('that nobody gave', () => {
    const names = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_CONFIG_FILE',
      'AWS_SHARED_CREDENTIALS_FILE',
      'AWS_EC2_METADATA_DISABLED',
    ]
    const before = Object.fromEntries(names.map((name) => [name, process.env[name]]))
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fcl-kms-credentials-'))
      for (const name of names) delete process.env[name]
      process.env['AWS_CONFIG_FILE'] = join(folder, 'config')
      process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials')
      process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
    })
    afterEach(async () => {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      await rm(folder, { recursive: true, force: true })
    })

    it('are those of the environment', async () => {
      process.env['AWS_ACCESS_KEY_ID'] = 'AKIAENVIRONMENT'
      process.env['AWS_SECRET_ACCESS_KEY'] = 'secret'
      await signerOf().sign(request)
      expect(last().incoming.headers.authorization).toContain('Credential=AKIAENVIRONMENT/')
    })

    it('or of the profile', async () => {
      process.env['AWS_PROFILE'] = 'flow'
      const keys = 'aws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n'
      await writeFile(join(folder, 'credentials'), `[flow]\n${keys}`)
      await signerOf().sign(request)
      expect(last().incoming.headers.authorization).toContain('Credential=AKIAPROFILE/')
    })

    it('and are nowhere, are REMOTE_SIGNER_CREDENTIALS with the command that gets some', async () => {
      process.env['AWS_PROFILE'] = 'flow'
      expect(await rejection(signerOf().sign(request))).toMatchObject({
        code: 'REMOTE_SIGNER_CREDENTIALS',
        disposition: 'hold',
        context: {
          provider: 'profile flow',
          remedy: expect.stringMatching(/^aws configure --profile flow /),
        },
      })
    })
  })
})
