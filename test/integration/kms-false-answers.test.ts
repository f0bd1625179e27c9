/** Answers of KMS that must not be believed, and Regions that fail, by MiniStack (K9 to K12). @module */
import { ReplicateKeyCommand, UpdateAliasCommand } from '@aws-sdk/client-kms'
import { userMessage } from '../../src/crypto/messages.ts'
import { KmsAuthorizer, type SignEvent } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import type { Decide, Fault } from '../support/fault-proxy.ts'
import {
  createAlias,
  expectSignature,
  kmsFault,
  message,
  openFaultyKms,
  request,
} from '../support/faulty-kms.ts'
import { startKms, type TestKms } from '../support/kms.ts'
import { derOf, hexOf, orderOf, softKey, verifyByElliptic } from '../unit/crypto/independent.ts'
import { inTime, rejectionOf, startServer } from '../unit/flow/servers.ts'

let kms: TestKms
beforeAll(async () => {
  kms = await startKms()
})
afterAll(() => kms?.[Symbol.asyncDispose]())

const algorithm = 'ECDSA_secp256k1'
const n = orderOf(algorithm)
type Json = Record<string, string>
type Change = (reply: Json, asked: Json) => Json

/** Changes every reply. */
const changed =
  (change: Change): Decide =>
  ({ body: asked }) => ({
    kind: 'rewrite',
    fn: (body) => JSON.stringify(change(JSON.parse(body), JSON.parse(String(asked)))),
  })
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const bytesOf = (text = '') => new Uint8Array(Buffer.from(text, 'base64'))

/** r and s of strict DER, by X.690. */
function scalarsOf(der: Uint8Array): readonly [bigint, bigint] {
  const rLength = der[3] ?? 0
  const scalar = (from: number, to?: number) => BigInt(`0x${hexOf(der.slice(from, to))}`)
  return [scalar(4, 4 + rLength), scalar(6 + rLength)]
}

describe('a signature from KMS (K9)', () => {
  const put =
    (change: (der: Uint8Array, digest: Uint8Array) => Uint8Array): Change =>
    (reply, asked) => ({
      ...reply,
      Signature: base64(change(bytesOf(reply['Signature']), bytesOf(asked['Message']))),
    })

  it.each([
    ['low', (s: bigint) => (s > n / 2n ? n - s : s)],
    ['high', (s: bigint) => (s > n / 2n ? s : n - s)],
  ])('with a %s s comes in its low form', async (_, side) => {
    await using faulty = await openFaultyKms(kms)
    const change = put((der) => {
      const [r, s] = scalarsOf(der)
      return derOf(r, side(s))
    })
    faulty.fault(changed(change))
    const signature = await faulty.signer.sign(request)
    expect(BigInt(`0x${hexOf(signature.slice(32))}`) <= n / 2n).toBe(true)
    const key = { publicKey: faulty.publicKey, algorithm } as const
    expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
  })

  const refused: readonly (readonly [string, string, Change])[] = [
    [
      'by another key',
      'SIGNATURE_INVALID',
      put((_, digest) => softKey(algorithm).sign(digest).der),
    ],
    ['with r = 0', 'MALFORMED_SIGNATURE', put((der) => derOf(0n, scalarsOf(der)[1]))],
    ['with s = n', 'MALFORMED_SIGNATURE', put((der) => derOf(scalarsOf(der)[0], n))],
    ['in BER', 'MALFORMED_SIGNATURE', put((der) => new Uint8Array([0x30, 0x81, ...der.slice(1)]))],
    ['with a byte more', 'MALFORMED_SIGNATURE', put((der) => new Uint8Array([...der, 0]))],
  ]
  it.each(refused)('%s is refused with %s after one request', async (_, code, change) => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(changed(change))
    await expect(faulty.signer.sign(request)).rejects.toMatchObject({ code, disposition: 'refuse' })
    expect(faulty.requests()).toBe(1)
  })

  it('of another digest, a real one given again, is refused', async () => {
    await using faulty = await openFaultyKms(kms)
    let first: string | undefined
    faulty.fault(
      changed((reply) => {
        first ??= reply['Signature']
        return { ...reply, Signature: first ?? '' }
      }),
    )
    expect(await faulty.signer.sign(request)).toHaveLength(64)
    const other = { ...request, message: new TextEncoder().encode('another message') }
    const refusal = { code: 'SIGNATURE_INVALID', disposition: 'refuse' }
    await expect(faulty.signer.sign(other)).rejects.toMatchObject(refusal)
  })
})

describe('a reply for another key (K10)', () => {
  const otherArn = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab'

  it('to Sign is refused', async () => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(changed((reply) => ({ ...reply, KeyId: otherArn })))
    await expect(faulty.signer.sign(request)).rejects.toMatchObject({
      code: 'KMS_REPLY_MISMATCH',
      disposition: 'refuse',
      context: { field: 'KeyId' },
    })
    expect(faulty.requests()).toBe(1)
  })

  it('to GetPublicKey is refused, and nothing is signed', async () => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(changed((reply) => ({ ...reply, KeyId: otherArn })))
    // Another client has not read the key yet.
    const client = { ...kms.aws.clientConfig(), endpoint: faulty.proxy.url }
    const signer = createAwsKmsSigner({ client, keyId: faulty.keyArn })
    await expect(signer.sign(request)).rejects.toMatchObject({ code: 'KMS_REPLY_MISMATCH' })
    expect(faulty.requests()).toBe(1)
  })

  it('after the alias was pointed elsewhere does not come: the key stays pinned', async () => {
    const [keyId, successor] = [await kms.createKey(), await kms.createKey()]
    const alias = await createAlias(kms, keyId)
    await using faulty = await openFaultyKms(kms, { keyId: alias })
    await kms.client.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: successor }))
    const key = { publicKey: faulty.publicKey, algorithm } as const
    const signature = await faulty.signer.sign(request)
    expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
  })
})

describe('a clock that is off by 15 minutes (K11)', () => {
  it.each([
    ['RequestTimeTooSkewed', 15],
    ['RequestTimeTooSkewed', -15],
    ['RequestExpired', 15],
  ])('%s by %d: one request more, with the time of AWS, and it signs', async (name, minutes) => {
    await using faulty = await openFaultyKms(kms)
    const dates: number[] = []
    faulty.fault(({ headers, index }) => {
      dates.push(readAmzDate(String(headers['x-amz-date'])))
      const date = new Date(Date.now() + minutes * 60_000).toUTCString()
      return index === 0 ? kmsFault(name, 400, { date }) : undefined
    })
    expect(await expectSignature(faulty)).toBe(2)
    const [before = 0, after = 0] = dates
    expect(Math.round((after - before) / 60_000)).toBe(minutes)
  })
})

describe('a key in two Regions (K12)', () => {
  const address = '0x0102030405060708'
  const limits = { totalTimeoutMs: 1_000, requestTimeoutMs: 400 }

  /** An account of one key, two Regions with a proxy before each, and an authorizer over both. */
  async function open(second: 'a replica' | 'another key') {
    const createReplicated = async () => {
      const KeyId = await kms.createKey({ MultiRegion: true })
      await kms.client.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: 'eu-west-1' }))
      return KeyId
    }
    const keyId = await createReplicated()
    const otherId = second === 'a replica' ? keyId : await createReplicated()
    const here = await openFaultyKms(kms, { keyId, ...limits })
    const config = { region: 'eu-west-1' }
    const there = await openFaultyKms(kms, { keyId: otherId, config, ...limits })
    const node = await startNode(here.publicKey)
    const events: SignEvent[] = []
    const authorizer = KmsAuthorizer.fromSigners([here.signer, there.signer], {
      accessNode: node.url,
      onSign: (event) => events.push(event),
    })
    await authorizer.signUserMessage(address, hexOf(message)) // the account is read now
    events.length = 0
    return {
      here,
      events,
      sign: () => authorizer.signUserMessage(address, hexOf(message)),
      async [Symbol.asyncDispose]() {
        for (const part of [here, there, node]) await part[Symbol.asyncDispose]()
      },
    }
  }

  // Where no answer came the key that was asked is told: CloudTrail may hold a signature by it.
  const faults: readonly (readonly [string, Fault, string | undefined])[] = [
    ['hangs', { kind: 'blackhole' }, 'us-east-1'],
    ['resets', { kind: 'reset-before' }, 'us-east-1'],
    ['answers 500', { kind: 'status', status: 500, body: '{}' }, undefined],
  ]
  it.each(faults)('signs in the second when the first %s, in time', async (_, fault, asked) => {
    await using used = await open('a replica')
    used.here.fault(() => fault)
    const started = performance.now()
    const [signed] = await used.sign()
    expect(performance.now() - started).toBeLessThan(inTime(2 * limits.totalTimeoutMs))
    const { publicKey } = used.here
    const signature = new Uint8Array(Buffer.from(signed?.signature ?? '', 'hex'))
    const tagged = userMessage(message)
    expect(verifyByElliptic({ publicKey, algorithm }, tagged, 'SHA3_256', signature)).toBe(true)
    const told = used.events.map(({ errorCode, backendKeyId }) => [
      errorCode?.replace(/_.*/, ''),
      backendKeyId?.split(':')[3],
    ])
    expect(told).toEqual([
      ['KMS', asked],
      [undefined, 'eu-west-1'],
    ])
  })

  it('signs nothing in a second that holds another key', async () => {
    await using used = await open('another key')
    used.here.fault(() => ({ kind: 'blackhole' }))
    expect((await rejectionOf(used.sign())).error).toMatchObject({ code: 'KMS_TIMEOUT' })
    expect(used.events).toHaveLength(1)
  })
})

/** An access node whose every account has this one key. */
const startNode = (publicKey: Uint8Array) =>
  startServer((response, _, { url }) => {
    const key = {
      index: '0',
      public_key: `0x${hexOf(publicKey)}`,
      signing_algorithm: algorithm,
      hashing_algorithm: 'SHA3_256',
      sequence_number: '0',
      weight: '1000',
      revoked: false,
    }
    const address = url?.split('?')[0]?.split('/')[3]
    response.end(JSON.stringify({ address, balance: '0', keys: [key] }))
  })

/** @param text - Such as `20261121T101332Z`. */
const readAmzDate = (text: string) =>
  Date.parse(text.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
