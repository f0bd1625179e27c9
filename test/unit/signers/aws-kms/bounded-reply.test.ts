/** Answers that do not end (K8): read up to a bound, and the socket closed. @module */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { MAX_REPLY_BYTES } from '../../../../src/signers/aws/bounded-reply.ts'
import { createAwsKmsSigner, describeAwsKmsKey } from '../../../../src/signers/aws-kms/index.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { patient } from '../../../support/limits.ts'
import { until } from '../../../support/until.ts'
import { verifyByElliptic } from '../../crypto/independent.ts'
import { configOf, key, keyArn as keyId, type Operation, startKms } from './http-kms.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const
const limits = patient

/** Writes as fast as it is read, 64 MB at most. */
function pour(response: ServerResponse) {
  const chunk = Buffer.alloc(65_536, ' ')
  const poured = { bytes: 0, closed: once(response, 'close') }
  const more = () => {
    while (!response.destroyed && poured.bytes < 64_000_000) {
      poured.bytes += chunk.length
      if (!response.write(chunk)) return
    }
    response.end()
  }
  response.on('drain', more)
  more()
  return poured
}

const kinds = ['a client', 'a configuration'] as const
const operations: readonly (readonly [Operation, (client: KMSClientConfig) => Promise<unknown>])[] =
  [
    ['GetPublicKey', (client) => createAwsKmsSigner({ client, keyId, ...limits }).publicKey()],
    ['Sign', (client) => createAwsKmsSigner({ client, keyId, ...limits }).sign(request)],
    ['DescribeKey', (client) => describeAwsKmsKey({ client, keyId, limits })],
  ]
const rows = kinds.flatMap((kind) => operations.map((operation) => [kind, ...operation] as const))

describe('an answer of 64 MB (K8)', () => {
  it.each(rows)('to %s at %s is not read, and its socket closed', async (kind, name, use) => {
    const pours: ReturnType<typeof pour>[] = []
    await using server = await startKms(name, (response) => pours.push(pour(response)))
    const config = configOf(server.url)
    using clock = holdClock()
    const outcome = use(kind === 'a client' ? new KMSClient(config) : config).catch(
      (thrown: unknown) => thrown,
    )
    await until(() => pours.length > 0)
    await pours[0]?.closed
    const error = await clock.passUntil(outcome) // it is tried until the time is over
    expect(error).toMatchObject({ code: 'KMS_UNAVAILABLE', disposition: 'retry' })
    expect(error).toMatchObject({ context: { reason: expect.stringMatching(/^ReplyTooLarge/) } })
    await Promise.all(pours.map(({ closed }) => closed))
    // What the two sockets hold comes on top of the bound: about 3 MB on Linux.
    for (const { bytes } of pours) expect(bytes).toBeLessThan(16_000_000)
  })

  const chunk = new Uint8Array(65_536)
  const streams: readonly (readonly [string, (read: () => void, closed: () => void) => object])[] =
    [
      [
        'of Node.js',
        (read, closed) =>
          new Readable({
            read() {
              read()
              this.push(chunk)
            },
            destroy(_, done) {
              closed()
              done(null)
            },
          }),
      ],
      [
        'of the web',
        (read, closed) =>
          new ReadableStream<Uint8Array>({
            pull(controller) {
              read()
              controller.enqueue(chunk)
            },
            cancel: closed,
          }),
      ],
    ]
  it.each(streams)('from a stream %s is read for 1 MiB, and the stream closed', async (_, open) => {
    const counts = { opened: 0, read: 0, closed: 0 }
    const body = () => {
      counts.opened += 1
      return open(
        () => {
          counts.read += chunk.length
        },
        () => {
          counts.closed += 1
        },
      )
    }
    const requestHandler = {
      handle: async () => ({ response: { statusCode: 200, headers: {}, body: body() } }),
    }
    // The handler stands in for a network; the SDK declares the body of its answers as any.
    const client = { ...configOf('http://127.0.0.1'), requestHandler } as KMSClientConfig
    using clock = holdClock()
    const signer = createAwsKmsSigner({ client, keyId, ...limits })
    await expect(clock.passUntil(signer.publicKey())).rejects.toMatchObject({
      code: 'KMS_UNAVAILABLE',
    })
    expect(counts.closed).toBe(counts.opened)
    expect(counts.read / counts.opened).toBeLessThan(1.25 * MAX_REPLY_BYTES)
  })
})

describe('an answer at the bound', () => {
  it.each([
    [0, true],
    [1, false],
  ])('and %d bytes more is read: %s', async (more, read) => {
    await using server = await startKms('Sign', (response, good) =>
      response.end(good.padEnd(MAX_REPLY_BYTES + more)),
    )
    const client = configOf(server.url)
    using clock = holdClock()
    const signing = createAwsKmsSigner({ client, keyId, ...limits })
      .sign(request)
      .catch((thrown: unknown) => thrown)
    if (!read) await until(() => server.closed() > 0)
    const outcome = read ? await signing : await clock.passUntil(signing)
    if (!(outcome instanceof Uint8Array)) expect(outcome).toMatchObject({ code: 'KMS_UNAVAILABLE' })
    else expect(verifyByElliptic(key, message, 'SHA3_256', outcome)).toBe(true)
    expect(outcome instanceof Uint8Array).toBe(read)
  })
})
