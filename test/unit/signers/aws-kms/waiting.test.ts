/** A KMS that never answers, and callers who stop waiting. @module */
import { createAwsKmsSigner, describeAwsKmsKey } from '../../../../src/signers/aws-kms/index.ts'
import { createFakeKms } from '../../../support/fake-kms.ts'
import { type HeldClock, holdClock } from '../../../support/held-clock.ts'
import { rejectionOf } from '../../flow/servers.ts'

const request = { message: new Uint8Array([1]), hashAlgorithm: 'SHA3_256' } as const

function hanging(limits: { totalTimeoutMs: number; requestTimeoutMs?: number }) {
  const kms = createFakeKms()
  const key = kms.addKey({ algorithm: 'ECDSA_P256' })
  return { kms, key, signer: createAwsKmsSigner({ client: kms.client, keyId: key.arn, ...limits }) }
}

describe('a KMS that never answers (K7)', () => {
  let clock: HeldClock
  beforeEach(() => {
    clock = holdClock()
  })
  afterEach(() => clock[Symbol.dispose]())
  const refusalOf = (signing: Promise<unknown>) => clock.passUntil(rejectionOf(signing))

  it('at Sign ends in KMS_TIMEOUT within the total time and 10%', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 500, requestTimeoutMs: 150 })
    await signer.publicKey()
    kms.always('Sign', 'hang')
    const { error, elapsedMs } = await refusalOf(signer.sign(request))
    expect(error).toMatchObject({ code: 'KMS_TIMEOUT', context: { attempts: kms.count('Sign') } })
    expect(kms.count('Sign')).toBeGreaterThanOrEqual(2)
    expect(elapsedMs).toBeLessThan(1.1 * 500)
  })

  it('at GetPublicKey ends in KMS_TIMEOUT within the total time and 10%', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 300 })
    kms.always('GetPublicKey', 'hang')
    const { error, elapsedMs } = await refusalOf(signer.sign(request))
    expect(error).toMatchObject({ code: 'KMS_TIMEOUT' })
    expect(elapsedMs).toBeLessThan(1.1 * 300)
    expect(kms.count('Sign')).toBe(0)
  })

  it('at DescribeKey ends in KMS_TIMEOUT within the total time and 10%', async () => {
    const { kms, key } = hanging({ totalTimeoutMs: 300 })
    kms.always('DescribeKey', 'hang')
    const limits = { totalTimeoutMs: 300 }
    const describing = describeAwsKmsKey({ client: kms.client, keyId: key.arn, limits })
    const { error, elapsedMs } = await refusalOf(describing)
    expect(error).toMatchObject({ code: 'KMS_TIMEOUT' })
    expect(elapsedMs).toBeLessThan(1.1 * 300)
  })

  it('has each of its requests aborted, so that the socket is freed', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 300, requestTimeoutMs: 100 })
    await signer.publicKey()
    kms.always('Sign', 'hang')
    await refusalOf(signer.sign(request))
    const signals = kms.abortSignals().slice(1)
    expect(signals).toHaveLength(kms.count('Sign'))
    expect(signals.map(({ aborted }) => aborted)).toEqual(signals.map(() => true))
  })

  it('after it was refused ends with the refusal, which tells more than an attempt cut short', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 300 })
    await signer.publicKey()
    kms.next('Sign', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))
    kms.always('Sign', 'hang')
    const { error } = await refusalOf(signer.sign(request))
    expect(error).toMatchObject({
      code: 'KMS_UNAVAILABLE',
      context: { reason: 'Error, ECONNREFUSED', attempts: 2 },
    })
  })

  it('once is tried again, and then signs', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 10_000, requestTimeoutMs: 50 })
    await signer.publicKey()
    kms.next('Sign', 'hang')
    expect(await clock.passUntil(signer.sign(request))).toHaveLength(64)
    expect(kms.count('Sign')).toBe(2)
  })
})

describe('a caller who aborts', () => {
  it('gets its own reason at once, and the request is aborted', async () => {
    using _clock = holdClock() // no time passes
    const { kms, signer } = hanging({ totalTimeoutMs: 10_000 })
    await signer.publicKey()
    kms.always('Sign', 'hang')
    const reason = new Error('enough')
    const controller = new AbortController()
    const signing = rejectionOf(signer.sign({ ...request, signal: controller.signal }))
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort(reason)
    expect((await signing).error).toBe(reason)
    expect(kms.abortSignals().at(-1)?.aborted).toBe(true)
  })

  it('gets its own reason in a pause between attempts', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 10_000 })
    await signer.publicKey()
    const controller = new AbortController()
    kms.always('Sign', () => {
      setImmediate(() => controller.abort('enough'))
      throw Object.assign(new Error(), { name: 'ThrottlingException' })
    })
    const { error } = await rejectionOf(signer.sign({ ...request, signal: controller.signal }))
    expect(error).toBe('enough')
  })

  it('does not take the public key from others who wait for it', async () => {
    const { kms, key, signer } = hanging({ totalTimeoutMs: 10_000 })
    let answer: (reply: Record<string, unknown>) => void = () => undefined
    kms.next(
      'GetPublicKey',
      (reply) =>
        new Promise((resolve) => {
          answer = () => resolve(reply)
        }),
    )
    const controller = new AbortController()
    const first = rejectionOf(signer.publicKey({ signal: controller.signal }))
    const second = signer.publicKey()
    while (kms.count('GetPublicKey') === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort('enough')
    expect((await first).error).toBe('enough')
    answer({})
    expect((await second).bytes).toEqual(key.publicKey)
    expect(kms.count('GetPublicKey')).toBe(1)
  })

  it('before it starts makes no call', async () => {
    const { kms, signer } = hanging({ totalTimeoutMs: 10_000 })
    await signer.publicKey()
    const signal = AbortSignal.abort('enough')
    expect((await rejectionOf(signer.sign({ ...request, signal }))).error).toBe('enough')
    expect(kms.count('Sign')).toBe(0)
  })
})

describe('the time limits', () => {
  it.each([
    ['totalTimeoutMs', 0],
    ['totalTimeoutMs', -1],
    ['totalTimeoutMs', 1.5],
    ['totalTimeoutMs', Number.NaN],
    ['totalTimeoutMs', Number.POSITIVE_INFINITY],
    ['totalTimeoutMs', 3_600_001],
    ['totalTimeoutMs', '10'],
    ['requestTimeoutMs', null],
    ['connectionTimeoutMs', -5],
    ['timeout', 1_000],
  ])('refuse %s of %s', (option, value) => {
    const { client } = createFakeKms()
    const options = { client, keyId: 'alias/minter', [option]: value }
    expect(() => createAwsKmsSigner(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })
})
