/** What each failure of KMS becomes, and how many calls it costs. @module */
import { inspect } from 'node:util'
import { createAwsKmsSigner } from '../../../../src/signers/aws-kms/index.ts'
import { createFakeKms, kmsError, REMOTE_SECRET, type Step } from '../../../support/fake-kms.ts'
import { type HeldClock, holdClock } from '../../../support/held-clock.ts'
import { rejectionOf } from '../../flow/servers.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const

/** A signer that has read its public key. */
async function ready(limits: { totalTimeoutMs?: number; requestTimeoutMs?: number } = {}) {
  const kms = createFakeKms()
  const key = kms.addKey({ algorithm: 'ECDSA_secp256k1' })
  const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn, ...limits })
  await signer.publicKey()
  return { kms, key, signer }
}
const networkError = (code: string) => Object.assign(new Error(`connect ${code}`), { code })
const named = (name: string, text = REMOTE_SECRET) => Object.assign(new Error(text), { name })

type Row = readonly [name: string, error: Error, code: string, disposition: string]

const atOnce: readonly Row[] = [
  ['DisabledException', kmsError('DisabledException'), 'KEY_DISABLED', 'hold'],
  ['KMSInvalidStateException', kmsError('KMSInvalidStateException'), 'KEY_STATE_INVALID', 'hold'],
  ['AccessDeniedException', kmsError('AccessDeniedException'), 'KMS_ACCESS_DENIED', 'hold'],
  ['ExpiredTokenException', kmsError('ExpiredTokenException'), 'KMS_CREDENTIALS_INVALID', 'hold'],
  ['ExpiredToken', kmsError('ExpiredToken', 403), 'KMS_CREDENTIALS_INVALID', 'hold'],
  [
    'UnrecognizedClientException',
    kmsError('UnrecognizedClientException'),
    'KMS_CREDENTIALS_INVALID',
    'hold',
  ],
  [
    'InvalidSignatureException',
    kmsError('InvalidSignatureException', 403),
    'KMS_CREDENTIALS_INVALID',
    'hold',
  ],
  [
    'MissingAuthenticationToken',
    kmsError('MissingAuthenticationToken', 403),
    'KMS_CREDENTIALS_INVALID',
    'hold',
  ],
  [
    'CredentialsProviderError',
    named('CredentialsProviderError'),
    'KMS_CREDENTIALS_MISSING',
    'hold',
  ],
  ['TokenProviderError', named('TokenProviderError'), 'KMS_CREDENTIALS_MISSING', 'hold'],
  ['AccessDenied', kmsError('AccessDenied', 403), 'KMS_ACCESS_DENIED', 'hold'],
  [
    'a header that cannot be sent',
    Object.assign(new TypeError(REMOTE_SECRET), { code: 'ERR_INVALID_CHAR' }),
    'AWS_CONFIG_INVALID',
    'hold',
  ],
  ['an endpoint that cannot be', named('EndpointError'), 'AWS_CONFIG_INVALID', 'hold'],
  ['NotFoundException', kmsError('NotFoundException'), 'KEY_NOT_FOUND', 'fail'],
  [
    'InvalidKeyUsageException',
    kmsError('InvalidKeyUsageException'),
    'KEY_USAGE_UNSUPPORTED',
    'fail',
  ],
  ['ValidationException', kmsError('ValidationException'), 'KMS_REQUEST_INVALID', 'fail'],
  [
    'InvalidGrantTokenException',
    kmsError('InvalidGrantTokenException'),
    'KMS_REQUEST_INVALID',
    'fail',
  ],
  [
    'UnsupportedOperationException',
    kmsError('UnsupportedOperationException'),
    'KMS_REQUEST_INVALID',
    'fail',
  ],
  ['another 4xx', kmsError('SomethingNewException', 422), 'KMS_REQUEST_INVALID', 'fail'],
  ['no Region', named('Error', 'Region is missing'), 'AWS_REGION_INVALID', 'fail'],
]

const passing: readonly Row[] = [
  ['ThrottlingException', kmsError('ThrottlingException'), 'KMS_THROTTLED', 'retry'],
  ['TooManyRequestsException', kmsError('TooManyRequestsException', 429), 'KMS_THROTTLED', 'retry'],
  ['RequestLimitExceeded', kmsError('RequestLimitExceeded', 503), 'KMS_THROTTLED', 'retry'],
  ['429 without a name', kmsError('UnknownError', 429), 'KMS_THROTTLED', 'retry'],
  ['KMSInternalException', kmsError('KMSInternalException', 500), 'KMS_UNAVAILABLE', 'retry'],
  [
    'DependencyTimeoutException',
    kmsError('DependencyTimeoutException', 503),
    'KMS_UNAVAILABLE',
    'retry',
  ],
  ['KeyUnavailableException', kmsError('KeyUnavailableException', 500), 'KMS_UNAVAILABLE', 'retry'],
  ['another 5xx', kmsError('UnknownError', 502), 'KMS_UNAVAILABLE', 'retry'],
  ['ECONNRESET', networkError('ECONNRESET'), 'KMS_UNAVAILABLE', 'retry'],
  ['ECONNREFUSED', networkError('ECONNREFUSED'), 'KMS_UNAVAILABLE', 'retry'],
  ['ENOTFOUND', networkError('ENOTFOUND'), 'KMS_UNAVAILABLE', 'retry'],
  ['EPIPE', networkError('EPIPE'), 'KMS_UNAVAILABLE', 'retry'],
  ['a body that is not JSON', named('SyntaxError'), 'KMS_UNAVAILABLE', 'retry'],
  ['TimeoutError', named('TimeoutError'), 'KMS_TIMEOUT', 'retry'],
  [
    'a reset that the SDK names a time-out',
    Object.assign(named('TimeoutError'), { code: 'ECONNRESET' }),
    'KMS_UNAVAILABLE',
    'retry',
  ],
  [
    'a fetch that failed',
    new TypeError('fetch failed', { cause: networkError('ECONNREFUSED') }),
    'KMS_UNAVAILABLE',
    'retry',
  ],
  ['a TypeError of nobody knows what', new TypeError(REMOTE_SECRET), 'KMS_UNAVAILABLE', 'retry'],
]

let clock: HeldClock
beforeEach(() => {
  clock = holdClock()
})
afterEach(() => clock[Symbol.dispose]())
/** Lets the pauses between attempts pass. */
const timed = <T>(waiting: Promise<T>) => clock.passUntil(waiting)

describe('a failure that waiting does not mend', () => {
  it.each(atOnce)('%s is thrown after exactly one call', async (_, error, code, disposition) => {
    const { kms, signer, key } = await ready()
    kms.always('Sign', error)
    const { error: thrown } = await timed(rejectionOf(signer.sign(request)))
    expect(thrown).toMatchObject({ code, disposition })
    if (!code.startsWith('AWS_')) expect(thrown).toMatchObject({ context: { keyId: key.arn } })
    expect(kms.count('Sign')).toBe(1)
  })

  it.each(atOnce)('%s at GetPublicKey is thrown after exactly one call', async (_, error, code) => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    kms.always('GetPublicKey', error)
    const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn })
    await expect(timed(signer.publicKey())).rejects.toMatchObject({ code })
    expect(kms.count('GetPublicKey')).toBe(1)
  })

  it('is not remembered: a key that is enabled again signs without a restart (K4)', async () => {
    const { kms, signer, key } = await ready()
    kms.setState(key, 'Disabled')
    await expect(timed(signer.sign(request))).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    kms.setState(key, 'PendingDeletion')
    await expect(timed(signer.sign(request))).rejects.toMatchObject({ code: 'KEY_STATE_INVALID' })
    kms.setState(key, 'Enabled')
    expect(await timed(signer.sign(request))).toHaveLength(64)
  })
})

describe('a failure that passes', () => {
  it.each(passing)('%s is tried again, and then signs (K1, K3)', async (_, error) => {
    const { kms, signer } = await ready()
    kms.next('Sign', error, error)
    const reports: number[] = []
    const onReport = ({ attempts }: { attempts: number }) => reports.push(attempts)
    expect(await timed(signer.sign({ ...request, onReport }))).toHaveLength(64)
    expect(kms.count('Sign')).toBe(3)
    expect(reports).toEqual([3])
  })

  it.each(passing)(
    '%s for ever ends within the total time and 10%% (K2)',
    async (_, error, code, disposition) => {
      const { kms, signer } = await ready({ totalTimeoutMs: 400 })
      kms.always('Sign', error)
      const { error: thrown, elapsedMs } = await timed(rejectionOf(signer.sign(request)))
      expect(thrown).toMatchObject({ code, disposition, context: { attempts: kms.count('Sign') } })
      expect(elapsedMs).toBeLessThan(1.1 * 400)
    },
  )

  it('at GetPublicKey is tried again', async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    kms.next('GetPublicKey', kmsError('ThrottlingException'), kmsError('KMSInternalException', 500))
    const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn })
    expect((await timed(signer.publicKey())).bytes).toEqual(key.publicKey)
    expect(kms.count('GetPublicKey')).toBe(3)
  })
})

describe('a clock that is off (K11)', () => {
  const skewed: readonly (readonly [string, Error])[] = [
    ['RequestTimeTooSkewed', kmsError('RequestTimeTooSkewed', 403)],
    ['RequestExpired', kmsError('RequestExpired', 400)],
    [
      'InvalidSignatureException',
      kmsError('InvalidSignatureException', 403, 'Signature not yet current: x'),
    ],
    [
      'InvalidSignatureException of the past',
      kmsError('InvalidSignatureException', 403, 'Signature expired: x'),
    ],
  ]
  it.each(skewed)('%s is tried once more, and then signs', async (_, error) => {
    const { kms, signer } = await ready()
    kms.next('Sign', error)
    expect(await timed(signer.sign(request))).toHaveLength(64)
    expect(kms.count('Sign')).toBe(2)
  })

  it.each(skewed)('%s twice is thrown', async (_, error) => {
    const { kms, signer } = await ready()
    kms.always('Sign', error)
    await expect(timed(signer.sign(request))).rejects.toMatchObject({
      code: 'KMS_CLOCK_SKEWED',
      disposition: 'hold',
    })
    expect(kms.count('Sign')).toBe(2)
  })
})

describe('an error', () => {
  it.each([...atOnce, ...passing])(
    'made of %s shows nothing that came from AWS',
    async (_, error) => {
      const { kms, signer } = await ready({ totalTimeoutMs: 50 })
      const secretive = Object.assign(error, {
        $response: { body: REMOTE_SECRET, headers: { authorization: REMOTE_SECRET } },
        $metadata: { ...(error as { $metadata?: object }).$metadata, cfId: REMOTE_SECRET },
      })
      kms.always('Sign', secretive)
      const { error: thrown } = await timed(rejectionOf(signer.sign(request)))
      const shown = inspect(thrown, { depth: 10, showHidden: true })
      expect(shown).not.toContain(REMOTE_SECRET)
      expect(shown).not.toContain('fake-secret')
      expect(JSON.stringify(thrown)).not.toContain(REMOTE_SECRET)
    },
  )

  it('has no name that a remote side chose at length', async () => {
    const { kms, signer } = await ready({ totalTimeoutMs: 50 })
    kms.always('Sign', kmsError(`<html>${'x'.repeat(10_000)}`, 400))
    const { error } = await timed(rejectionOf(signer.sign(request)))
    expect(String(error).length).toBeLessThan(1_000)
    expect(String(error)).not.toContain('<html>')
  })

  it.each<[string, Step]>([
    ['a text', (() => Promise.reject('a text')) as Step],
    ['undefined', (() => Promise.reject(undefined)) as Step],
    ['null', (() => Promise.reject(null)) as Step],
    ['an object without a prototype', (() => Promise.reject(Object.create(null))) as Step],
  ])('comes of %s that was thrown, too', async (_, step) => {
    const { kms, signer } = await ready({ totalTimeoutMs: 50 })
    kms.always('Sign', step)
    await expect(timed(signer.sign(request))).rejects.toMatchObject({ code: 'KMS_UNAVAILABLE' })
  })
})
