/** Real clients and real sockets: endpoints that hang, reset, truncate and answer something else. @module */

import type { ServerResponse } from 'node:http'
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { isKmsClient, kmsClient } from '../../../../src/signers/aws-kms/client.ts'
import { createAwsKmsSigner } from '../../../../src/signers/aws-kms/index.ts'
import { kmsLimits } from '../../../../src/signers/aws-kms/limits.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { patient } from '../../../support/limits.ts'
import { softKey, verifyByElliptic } from '../../crypto/independent.ts'
import {
  type BadServer,
  inTime,
  rejectionOf,
  startServer,
  startSocketServer,
} from '../../flow/servers.ts'

const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const key = softKey('ECDSA_secp256k1')
const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const
const configOf = ({ url }: BadServer): KMSClientConfig => ({
  region: 'us-east-1',
  endpoint: url,
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret-access-key' },
})
const kinds = ['a client', 'a configuration'] as const
const clientOf = (kind: (typeof kinds)[number], server: BadServer) =>
  kind === 'a client' ? new KMSClient(configOf(server)) : configOf(server)

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const publicKeyReply = {
  KeyId: keyArn,
  KeySpec: 'ECC_SECG_P256K1',
  KeyUsage: 'SIGN_VERIFY',
  PublicKey: base64(key.spki),
}

/** Answers GetPublicKey, and Sign with a good signature once `badAnswers` are used up. */
const startKms = (bad: (response: ServerResponse, count: number) => void, badAnswers: number) => {
  let signs = 0
  return startServer((response, _, incoming) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1')
      if (incoming.headers['x-amz-target'] === 'TrentService.GetPublicKey')
        return response.end(JSON.stringify(publicKeyReply))
      signs += 1
      if (signs <= badAnswers) return bad(response, signs)
      const { Message } = JSON.parse(String(Buffer.concat(chunks))) as { Message: string }
      const { der } = key.sign(new Uint8Array(Buffer.from(Message, 'base64')))
      const reply = { KeyId: keyArn, SigningAlgorithm: 'ECDSA_SHA_256', Signature: base64(der) }
      return response.end(JSON.stringify(reply))
    })
  })
}

describe.each(kinds)('with %s', (kind) => {
  it('an endpoint that accepts and never answers ends in KMS_TIMEOUT in time (K7)', async () => {
    await using server = await startSocketServer(() => undefined)
    const client = clientOf(kind, server)
    const limits = { totalTimeoutMs: 1_000, requestTimeoutMs: 300 }
    const signer = createAwsKmsSigner({ client, keyId: keyArn, ...limits })
    const { error, elapsedMs } = await rejectionOf(signer.publicKey())
    expect(error).toMatchObject({ code: 'KMS_TIMEOUT', disposition: 'retry' })
    expect(elapsedMs).toBeLessThan(inTime(1_000))
  })

  it('an endpoint that begins its answer and stops ends in KMS_TIMEOUT in time', async () => {
    await using server = await startKms((response) => response.write('{"KeyId":"'), 1_000)
    const limits = { totalTimeoutMs: 800, requestTimeoutMs: 300 }
    const signer = createAwsKmsSigner({ client: clientOf(kind, server), keyId: keyArn, ...limits })
    using clock = holdClock() // the public key is answered
    await signer.publicKey()
    const { error, elapsedMs } = await clock.passUntil(rejectionOf(signer.sign(request)))
    expect(error).toMatchObject({ code: 'KMS_TIMEOUT' })
    expect(elapsedMs).toBeLessThan(1.1 * 800)
  })

  it('an endpoint that resets ends in KMS_UNAVAILABLE in time', async () => {
    await using server = await startSocketServer((socket) => socket.resetAndDestroy())
    const limits = { totalTimeoutMs: 500, requestTimeoutMs: 300 }
    const signer = createAwsKmsSigner({ client: clientOf(kind, server), keyId: keyArn, ...limits })
    const { error, elapsedMs } = await rejectionOf(signer.publicKey())
    expect(error).toMatchObject({ code: expect.stringMatching(/^KMS_(UNAVAILABLE|TIMEOUT)$/) })
    expect(elapsedMs).toBeLessThan(inTime(500))
  })

  it('a port that nobody listens on ends in KMS_UNAVAILABLE in time', async () => {
    const gone = await startSocketServer(() => undefined)
    await gone[Symbol.asyncDispose]()
    const limits = { totalTimeoutMs: 500, requestTimeoutMs: 400 }
    const signer = createAwsKmsSigner({ client: clientOf(kind, gone), keyId: keyArn, ...limits })
    const { error, elapsedMs } = await rejectionOf(signer.publicKey())
    expect(error).toMatchObject({ code: expect.stringMatching(/^KMS_(UNAVAILABLE|TIMEOUT)$/) })
    expect(elapsedMs).toBeLessThan(inTime(500))
  })

  const answers: readonly (readonly [string, (response: ServerResponse) => void])[] = [
    ['HTML with 200', (response) => response.end('<html><title>Sign in</title></html>')],
    [
      'HTML that speaks of a region',
      (response) => response.end('<html>this region is down</html>'),
    ],
    ['truncated JSON', (response) => response.end('{"KeyId":"arn:aws:kms:us-ea')],
    ['an empty body', (response) => response.end()],
    ['null', (response) => response.end('null')],
    [
      'junk that claims to be gzip',
      (response) => {
        response.setHeader('content-encoding', 'gzip')
        response.end('junk')
      },
    ],
    [
      'a body shorter than its length',
      (response) => {
        response.setHeader('content-length', '1000')
        response.write('{"KeyId":')
        response.destroy()
      },
    ],
    [
      'HTML with 502',
      (response) => {
        response.statusCode = 502
        response.end('<html>Bad gateway</html>')
      },
    ],
    [
      'HTML with 503',
      (response) => {
        response.statusCode = 503
        response.end('<html>Unavailable</html>')
      },
    ],
  ]
  it.each(answers)(
    '%s once does not prevent the signature, or is refused (K8)',
    async (_, answer) => {
      await using server = await startKms(answer, 1)
      const signer = createAwsKmsSigner({
        client: clientOf(kind, server),
        keyId: keyArn,
        ...patient,
      })
      const outcome = await signer.sign(request).catch((thrown: unknown) => thrown)
      if (outcome instanceof Uint8Array)
        expect(verifyByElliptic(key, message, 'SHA3_256', outcome)).toBe(true)
      else expect(outcome).toMatchObject({ disposition: expect.stringMatching(/^(retry|refuse)$/) })
    },
  )

  it('a 400 without a name is KMS_REQUEST_INVALID', async () => {
    await using server = await startKms((response) => {
      response.statusCode = 400
      response.end('{}')
    }, 1)
    const signer = createAwsKmsSigner({ client: clientOf(kind, server), keyId: keyArn, ...patient })
    await expect(signer.sign(request)).rejects.toMatchObject({ code: 'KMS_REQUEST_INVALID' })
  })

  it('the attempts reported are the requests that were sent', async () => {
    await using server = await startKms((response) => {
      response.statusCode = 500
      response.end('{"__type":"KMSInternalException"}')
    }, 4)
    const signer = createAwsKmsSigner({ client: clientOf(kind, server), keyId: keyArn, ...patient })
    await signer.publicKey()
    const before = server.requests.length
    const reports: number[] = []
    await signer.sign({ ...request, onReport: ({ attempts }) => reports.push(attempts) })
    expect(reports).toEqual([server.requests.length - before])
  })
})

describe('kmsClient', () => {
  const config = () => ({ region: 'us-east-1' })

  it('makes one client for one configuration object', async () => {
    const [one, other] = [config(), config()]
    const clients = await Promise.all(
      [one, one, other].map((each) => kmsClient(each, kmsLimits({}))),
    )
    expect(clients[0]).toBe(clients[1])
    expect(clients[0]).not.toBe(clients[2])
  })

  it('passes a client through, whichever copy of the SDK it is of', async () => {
    const client = new KMSClient(config())
    expect(await kmsClient(client, kmsLimits({}))).toBe(client)
    expect(isKmsClient({ send: () => undefined, config: {} } as unknown as KMSClient)).toBe(true)
    expect(isKmsClient(config())).toBe(false)
  })

  it('sets time limits that throw', async () => {
    const limits = { connectionTimeoutMs: 111, requestTimeoutMs: 222 }
    const { config: made } = await kmsClient(config(), kmsLimits(limits))
    // The handler reads its configuration at the first request; this is what it was given.
    const handler = made.requestHandler as unknown as { configProvider?: Promise<object> }
    expect(await handler.configProvider).toMatchObject({
      connectionTimeout: 111,
      requestTimeout: 222,
      throwOnRequestTimeout: true,
    })
  })

  it('keeps a request handler of the caller', async () => {
    const requestHandler = { handle: async () => Promise.reject(new Error('unused')) }
    const made = await kmsClient({ ...config(), requestHandler }, kmsLimits({}))
    expect(made.config.requestHandler).toBe(requestHandler)
  })
})
