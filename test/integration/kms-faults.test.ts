/** Faults between us and KMS, with the real MiniStack behind the proxy (K1 to K8). @module */
import {
  CancelKeyDeletionCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  type KeySpec,
  type KeyUsageType,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'
import {
  createSigningGovernor,
  type GovernorReport,
  type SigningGovernor,
} from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import type { SignReport } from '../../src/signers/signer.ts'
import type { Fault } from '../support/fault-proxy.ts'
import {
  expectSignature,
  type FaultyKms,
  kmsFault,
  openFaultyKms,
  request,
  times,
} from '../support/faulty-kms.ts'
import { startKms, type TestKms } from '../support/kms.ts'
import { inTime, rejectionOf } from '../unit/flow/servers.ts'

let kms: TestKms
beforeAll(async () => {
  kms = await startKms()
})
afterAll(() => kms?.[Symbol.asyncDispose]())

const always = (fault: Fault) => () => fault

describe('KMS throttles', () => {
  it.each([1, 2, 3])('%d times, and the signature still comes (K1)', async (count) => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(times(count, kmsFault('ThrottlingException')))
    expect(await expectSignature(faulty)).toBe(count + 1)
    expect(faulty.requests()).toBe(count + 1)
  })

  const patient = { totalTimeoutMs: 50_000, requestTimeoutMs: 20_000 }
  const signMany = async (governor: SigningGovernor, { signer }: FaultyKms, onTurn = () => {}) => {
    const sign = () =>
      governor.run(signer.quota?.() ?? '', (pace) => {
        onTurn()
        return signer.sign({ ...request, pace })
      })
    await Promise.all(Array.from({ length: 60 }, sign))
    return governor.stats().get('aws-kms us-east-1 000000000000')
  }

  it('what exceeds a quota: a governor at that quota is never throttled (K1)', async () => {
    await using faulty = await openFaultyKms(kms, patient)
    // By when they were let go: what the way to KMS delays is not of the governor.
    const turns: number[] = []
    let over = 0
    faulty.fault(() => {
      if (over === 0) return undefined
      over -= 1
      return kmsFault('ThrottlingException')
    })
    const onTurn = () => {
      const now = performance.now()
      turns.push(now)
      // A second of grace, in which this process may have been stopped between turn and count.
      if (turns.filter((at) => at > now - 1_000).length > 40) over += 1
    }
    const governor = createSigningGovernor({ ratePerSecond: 20 })
    const stats = await signMany(governor, faulty, onTurn)
    expect(stats).toMatchObject({ throttled: 0, ratePerSecond: 20 })
    expect(turns).toHaveLength(60)
    expect(faulty.requests()).toBe(60)
  })

  it('what exceeds a quota: a governor above it gives way, and all are signed (K1)', async () => {
    await using faulty = await openFaultyKms(kms, patient)
    // As many as are too many, however slowly they come.
    faulty.fault(({ index }) =>
      index >= 25 && index < 30 ? kmsFault('ThrottlingException') : undefined,
    )
    const reports: GovernorReport[] = []
    const onReport = (report: GovernorReport) => void reports.push(report)
    const governor = createSigningGovernor({ ratePerSecond: 100, onReport })
    expect(await signMany(governor, faulty)).toMatchObject({ throttled: 5 })
    expect(reports[0]).toMatchObject({ event: 'slowed', throttled: 1 })
    expect(reports[0]?.ratePerSecond).toBeLessThan(100)
    expect(faulty.requests()).toBe(65)
  })

  it('for ever: KMS_THROTTLED in the total time, few requests, and a signature when it ends (K2)', async () => {
    await using faulty = await openFaultyKms(kms, { totalTimeoutMs: 1_500 })
    faulty.fault(always(kmsFault('ThrottlingException')))
    const { error, elapsedMs } = await rejectionOf(faulty.signer.sign(request))
    expect(error).toMatchObject({ code: 'KMS_THROTTLED', disposition: 'retry' })
    expect(elapsedMs).toBeLessThan(inTime(1_500))
    expect(faulty.requests()).toBeLessThan(30)
    faulty.fault(undefined)
    await expectSignature(faulty)
  })
})

describe('KMS fails inside', () => {
  const names = ['KMSInternalException', 'DependencyTimeoutException', 'KeyUnavailableException']

  it.each(names)('with %s once, and the signature still comes (K3)', async (name) => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(times(1, kmsFault(name, 500)))
    expect(await expectSignature(faulty)).toBe(2)
  })

  it.each(names)('with %s for ever: KMS_UNAVAILABLE in the total time (K3)', async (name) => {
    await using faulty = await openFaultyKms(kms, { totalTimeoutMs: 600 })
    faulty.fault(always(kmsFault(name, 500)))
    const { error, elapsedMs } = await rejectionOf(faulty.signer.sign(request))
    expect(error).toMatchObject({ code: 'KMS_UNAVAILABLE', disposition: 'retry' })
    expect(elapsedMs).toBeLessThan(inTime(600))
  })
})

describe('a key in a state that does not sign (K4)', () => {
  it('is KEY_DISABLED after one request, and signs once it is enabled', async () => {
    await using faulty = await openFaultyKms(kms)
    const { keyArn: KeyId } = faulty
    await kms.client.send(new DisableKeyCommand({ KeyId }))
    faulty.fault(undefined)
    await expect(faulty.signer.sign(request)).rejects.toMatchObject({
      code: 'KEY_DISABLED',
      disposition: 'hold',
    })
    expect(faulty.requests()).toBe(1)
    await kms.client.send(new EnableKeyCommand({ KeyId }))
    await expectSignature(faulty)
  })

  it('is KEY_STATE_INVALID when its deletion is due, and signs once that is cancelled', async () => {
    await using faulty = await openFaultyKms(kms)
    const { keyArn: KeyId } = faulty
    await kms.client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    faulty.fault(undefined)
    await expect(faulty.signer.sign(request)).rejects.toMatchObject({
      code: 'KEY_STATE_INVALID',
      disposition: 'hold',
    })
    expect(faulty.requests()).toBe(1)
    await kms.client.send(new CancelKeyDeletionCommand({ KeyId }))
    await kms.client.send(new EnableKeyCommand({ KeyId }))
    await expectSignature(faulty)
  })
})

describe('AWS does not let us in (K5)', () => {
  it.each([
    ['AccessDeniedException', 'KMS_ACCESS_DENIED'],
    ['ExpiredTokenException', 'KMS_CREDENTIALS_INVALID'],
    ['UnrecognizedClientException', 'KMS_CREDENTIALS_INVALID'],
  ])('%s is %s after one request, and it signs once that is over', async (name, code) => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(always(kmsFault(name)))
    await expect(faulty.signer.sign(request)).rejects.toMatchObject({ code, disposition: 'hold' })
    expect(faulty.requests()).toBe(1)
    faulty.fault(undefined)
    await expectSignature(faulty)
  })

  it('a token that is renewed between two batches is used by the second', async () => {
    let accessKeyId = 'OLDTOKEN'
    const credentials = async () => ({
      accessKeyId,
      secretAccessKey: 'test',
      // So near that the SDK asks for new ones before each request.
      expiration: new Date(Date.now() + 1_000),
    })
    await using faulty = await openFaultyKms(kms, { config: { credentials } })
    faulty.fault(({ headers }) =>
      headers.authorization?.includes('Credential=OLDTOKEN/')
        ? kmsFault('ExpiredTokenException')
        : undefined,
    )
    const batch = () =>
      Promise.allSettled(Array.from({ length: 10 }, () => expectSignature(faulty)))
    const refused = { status: 'rejected', reason: { code: 'KMS_CREDENTIALS_INVALID' } }
    expect(await batch()).toMatchObject(Array(10).fill(refused))
    accessKeyId = 'NEWTOKEN'
    expect(await batch()).toMatchObject(Array(10).fill({ status: 'fulfilled' }))
  })
})

describe('a key that can never sign for Flow (K6)', () => {
  const rows: readonly (readonly [KeySpec, KeyUsageType, string])[] = [
    ['ECC_NIST_P384', 'SIGN_VERIFY', 'KEY_SPEC_UNSUPPORTED'],
    ['RSA_2048', 'SIGN_VERIFY', 'KEY_SPEC_UNSUPPORTED'],
    ['ECC_NIST_P256', 'KEY_AGREEMENT', 'KEY_USAGE_UNSUPPORTED'],
    ['HMAC_256', 'GENERATE_VERIFY_MAC', 'KEY_USAGE_UNSUPPORTED'],
    ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'KMS_REQUEST_INVALID'],
  ]
  it.each(rows)('%s for %s is %s', async (spec, KeyUsage, code) => {
    const keyId = await kms.createKey({ KeySpec: spec, KeyUsage })
    const signer = createAwsKmsSigner({ client: kms.client, keyId })
    await expect(signer.sign(request)).rejects.toMatchObject({ code, disposition: 'fail' })
  })

  it('is KEY_NOT_FOUND when there is none', async () => {
    const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
    const signer = createAwsKmsSigner({ client: kms.client, keyId })
    await expect(signer.sign(request)).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
  })
})

describe('KMS hangs (K7)', () => {
  it('for ever: KMS_TIMEOUT within the total time and 10%, and no socket left', async () => {
    await using faulty = await openFaultyKms(kms, { totalTimeoutMs: 1_000, requestTimeoutMs: 300 })
    faulty.fault(always({ kind: 'blackhole' }))
    const { error, elapsedMs } = await rejectionOf(faulty.signer.sign(request))
    expect(error).toMatchObject({ code: 'KMS_TIMEOUT', disposition: 'retry' })
    expect(elapsedMs).toBeLessThan(inTime(1_000))
    await faulty.proxy.idle()
  })

  it('and answers late: another request is sent, and one signature comes', async () => {
    await using faulty = await openFaultyKms(kms, { requestTimeoutMs: 400 })
    faulty.fault(times(1, { kind: 'latency', ms: 1_200 }))
    expect(await expectSignature(faulty)).toBe(2)
    expect(faulty.requests()).toBe(2)
  })
})

describe('an answer that is broken once (K8)', () => {
  const rows: readonly (readonly [string, Fault])[] = [
    ['reset before KMS sees the request', { kind: 'reset-before' }],
    ['lost after KMS has signed', { kind: 'lose-reply' }],
    ['closed without a word', { kind: 'half-close' }],
    ['reset in mid-body', { kind: 'truncate', bytes: 40 }],
    ['truncated JSON', { kind: 'rewrite', fn: (body) => body.slice(0, body.length / 2) }],
    ['junk as gzip', { kind: 'body', body: 'junk', headers: { 'content-encoding': 'gzip' } }],
    ['HTML with 200', { kind: 'body', body: '<html><title>Sign in</title></html>' }],
    ['HTML with 502', { kind: 'status', status: 502, body: '<html>Bad gateway</html>' }],
    ['64 MB', { kind: 'body', body: Buffer.alloc(64_000_000, ' ') }],
  ]
  it.each(rows)('%s: the signature still comes', async (_, fault) => {
    await using faulty = await openFaultyKms(kms)
    faulty.fault(times(1, fault))
    expect(await expectSignature(faulty)).toBe(2)
    expect(faulty.requests()).toBe(2)
  })

  it.each([
    ['lost after KMS has signed', { kind: 'lose-reply' }, 1],
    ['throttled', kmsFault('ThrottlingException'), undefined],
  ] as const)(
    '%s: it is told whether a request was never answered',
    async (_, fault, unanswered) => {
      await using faulty = await openFaultyKms(kms)
      await faulty.signer.publicKey()
      faulty.fault(times(1, fault))
      const reports: SignReport[] = []
      await faulty.signer.sign({ ...request, onReport: (told) => void reports.push(told) })
      expect(reports).toMatchObject([{ requestId: expect.any(String), attempts: 2 }])
      expect(reports[0]?.unanswered).toBe(unanswered)
    },
  )

  it('lost for ever: the requests that were never answered are told, for the audit', async () => {
    await using faulty = await openFaultyKms(kms, { totalTimeoutMs: 1_000 })
    await faulty.signer.publicKey()
    const before = faulty.requests()
    faulty.fault(always({ kind: 'lose-reply' }))
    const reports: SignReport[] = []
    const signing = faulty.signer.sign({ ...request, onReport: (told) => void reports.push(told) })
    await expect(signing).rejects.toMatchObject({ code: 'KMS_UNAVAILABLE' })
    const [{ unanswered, ...report } = {}, ...others] = reports
    expect(report).toEqual({
      attempts: expect.any(Number),
      keyId: expect.stringContaining(':key/'),
    })
    expect(others).toEqual([])
    // The one that was cut off by the total time had left here, and need not have come there.
    const arrived = faulty.requests() - before
    expect([arrived, arrived + 1]).toContain(unanswered)
  })

  it.each(rows)('%s, for ever: KMS_UNAVAILABLE in the total time', async (_, fault) => {
    await using faulty = await openFaultyKms(kms, { totalTimeoutMs: 1_000 })
    faulty.fault(always(fault))
    const { error, elapsedMs } = await rejectionOf(faulty.signer.sign(request))
    expect(error).toMatchObject({ code: 'KMS_UNAVAILABLE', disposition: 'retry' })
    expect(elapsedMs).toBeLessThan(inTime(1_000))
  })
})
