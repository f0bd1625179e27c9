/** Each request to KMS has its turn, and each that is throttled is told. @module */
import { createSigningGovernor } from '../../../../src/index.ts'
import { createAwsKmsSigner } from '../../../../src/signers/aws-kms/index.ts'
import type { SignPace } from '../../../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../../../src/signers/software-signer.ts'
import { createFakeKms, kmsError } from '../../../support/fake-kms.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { patient } from '../../../support/limits.ts'
import { until } from '../../../support/until.ts'
import { configOf, keyArn, startKms } from './http-kms.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const
const quota = 'aws-kms us-east-1 111122223333'

/** Throttles the first signatures asked for. */
const startThrottling = (times: number) =>
  startKms('Sign', (response, good, count) => {
    response.statusCode = count <= times ? 400 : 200
    response.end(count <= times ? '{"__type":"ThrottlingException"}' : good)
  })

describe('the pace of a signature', () => {
  it.each([
    ['our own retries', 1],
    ["the SDK's retries", 3],
  ])('is asked before each request after the first, with %s', async (_, maxAttempts) => {
    await using server = await startThrottling(2)
    const client = { ...configOf(server.url), maxAttempts }
    const seen: string[] = []
    const pace: SignPace = {
      nextTurn: async () => void seen.push('turn'),
      throttled: () => void seen.push('throttled'),
    }
    const signer = createAwsKmsSigner({ client, keyId: keyArn })
    expect(await signer.sign({ ...request, pace })).toHaveLength(64)
    expect(seen).toEqual(['throttled', 'turn', 'throttled', 'turn'])
  })

  it('slows a governor by what it never sees fail', async () => {
    await using server = await startThrottling(1)
    const signer = createAwsKmsSigner({ client: configOf(server.url), keyId: keyArn })
    const governor = createSigningGovernor({ ratePerSecond: 100 })
    await governor.run(quota, (pace) => signer.sign({ ...request, pace }))
    const stats = governor.stats().get(quota)
    expect(stats).toMatchObject({ throttled: 1, queued: 0, running: 0 })
    expect(stats?.ratePerSecond).toBeLessThan(100)
  })

  it('that never comes ends with the time for queues', async () => {
    await using server = await startThrottling(1)
    using clock = holdClock()
    const signer = createAwsKmsSigner({ client: configOf(server.url), keyId: keyArn, ...patient })
    let isThrottled = false
    const throttled = () => {
      isThrottled = true
    }
    const pace: SignPace = { nextTurn: () => new Promise(() => undefined), throttled }
    const signing = signer.sign({ ...request, pace }).catch((thrown: unknown) => thrown)
    await until(() => isThrottled)
    expect(await clock.passUntil(signing)).toMatchObject({
      code: 'KMS_QUEUE_TIMEOUT',
      disposition: 'retry',
      context: { waitedFor: 'quota', wasSent: true },
    })
  })

  it('is of no concern to reading the public key', async () => {
    await using server = await startThrottling(0)
    const signer = createAwsKmsSigner({ client: configOf(server.url), keyId: keyArn })
    const nextTurn = () => Promise.reject(new Error('a turn was asked for'))
    const pace: SignPace = { nextTurn, throttled: () => undefined }
    expect(await signer.sign({ ...request, pace })).toHaveLength(64)
    expect(server.requests).toHaveLength(2)
  })
})

describe('the quota of a KMS key', () => {
  it('is that of its Region and account, known once its ARN is', async () => {
    const kms = createFakeKms()
    const { keyId, arn } = kms.addKey({ algorithm: 'ECDSA_P256' })
    const byId = createAwsKmsSigner({ client: kms.client, keyId })
    expect(byId.quota?.()).toBeUndefined()
    kms.next('GetPublicKey', kmsError('AccessDeniedException'))
    await expect(byId.publicKey()).rejects.toMatchObject({ code: 'KMS_ACCESS_DENIED' })
    expect(byId.quota?.()).toBeUndefined()
    await byId.publicKey()
    expect(byId.quota?.()).toBe(quota)
    const names = [arn, arn.replace(/key\/.*/, 'alias/a-key')]
    for (const name of names)
      expect(createAwsKmsSigner({ client: kms.client, keyId: name }).quota?.()).toBe(quota)
  })

  it('is none for a software signer', () => {
    expect(createSoftwareSigner({ algorithm: 'ECDSA_P256' }).quota).toBeUndefined()
  })
})
