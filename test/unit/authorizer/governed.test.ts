/** Signatures in the turns of a governor, and the replicas of a key together. @module */
import type { BoundKey } from '../../../src/authorizer/bound-account.ts'
import { createSignOnce } from '../../../src/authorizer/sign-once.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import {
  createSigningGovernor,
  KmsAuthorizer,
  type SignEvent,
  type Signer,
  SignerError,
} from '../../../src/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { createVerifiedSigner } from '../../../src/signers/verified-signer.ts'

const purpose = () => ({ kind: 'user-message' }) as const
const software = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const throttled = new SignerError('KMS_THROTTLED', { keyId: 'mrk', attempts: 1, elapsedMs: 1 })

/** The same key behind a door with a quota; the ids of the doors asked are put on the list. */
const door = (id: string, asked: string[], failure?: Error): Signer =>
  createVerifiedSigner({
    id,
    quota: () => `quota ${id}`,
    publicKey: software.publicKey,
    sign(request) {
      asked.push(id)
      return failure ? Promise.reject(failure) : software.sign(request)
    },
  })

const keyOf = async (signers: readonly Signer[]): Promise<BoundKey> => ({
  address: '0x0102030405060708',
  keyIndex: 0,
  weight: 1000,
  hashAlgorithm: 'SHA3_256',
  signatureAlgorithm: 'ECDSA_P256',
  publicKey: bytesToHex((await software.publicKey()).bytes),
  signers,
})
const messageOf = (index: number) => new Uint8Array([index])

describe('a signature with a governor', () => {
  it('waits for its turn, which is not part of its duration', async () => {
    const asked: string[] = []
    const events: SignEvent[] = []
    const governor = createSigningGovernor({ ratePerSecond: 5 })
    const signOnce = createSignOnce({ governor, onSign: (event) => events.push(event) })
    const key = await keyOf([door('eu', asked)])
    const began = performance.now()
    await Promise.all([0, 1].map((index) => signOnce(key, messageOf(index), purpose)))
    expect(performance.now() - began).toBeGreaterThan(190)
    expect(events.map(({ durationMs }) => durationMs < 180)).toEqual([true, true])
    expect([...governor.stats().keys()]).toEqual(['quota eu'])
  })

  it('is not governed when its signer has no quota', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 1 })
    const signOnce = createSignOnce({ governor })
    const key = await keyOf([software])
    await Promise.all([0, 1, 2].map((index) => signOnce(key, messageOf(index), purpose)))
    expect(governor.stats().size).toBe(0)
  })

  it('goes to the next replica when the first is throttled or has too many waiting', async () => {
    const asked: string[] = []
    const events: SignEvent[] = []
    const governor = createSigningGovernor({ ratePerSecond: 4, maxQueued: 1 })
    const signOnce = createSignOnce({ governor, onSign: (event) => events.push(event) })
    const key = await keyOf([door('eu', asked, throttled), door('us', asked)])
    await signOnce(key, messageOf(0), purpose)
    expect(asked).toEqual(['eu', 'us'])
    expect(governor.stats().get('quota eu')?.throttled).toBe(1)
    const waiting = governor.run('quota eu', async () => undefined)
    await signOnce(key, messageOf(1), purpose)
    expect(asked).toEqual(['eu', 'us', 'us'])
    expect(events.map(({ errorCode }) => errorCode)).toEqual([
      'KMS_THROTTLED',
      undefined,
      'SIGNING_QUEUE_FULL',
      undefined,
    ])
    await waiting
  })
})

describe('replicas', () => {
  const signAll = async (replicas: 'in-turn' | 'together') => {
    const asked: string[] = []
    const governor = createSigningGovernor({ ratePerSecond: 100 })
    const signOnce = createSignOnce({ governor, replicas })
    const key = await keyOf([door('eu', asked), door('us', asked)])
    const signing = Array.from({ length: 40 }, (_, at) => signOnce(key, messageOf(at), purpose))
    await Promise.all(signing)
    return asked.filter((id) => id === 'eu').length
  }

  it('in turn leave all to the first while it signs', async () => {
    expect(await signAll('in-turn')).toBe(40)
  })

  it('together share the work evenly', async () => {
    const share = await signAll('together')
    expect(share).toBeGreaterThanOrEqual(18)
    expect(share).toBeLessThanOrEqual(22)
  })

  it('together begin with the first when nobody is busy, and spare one that does not answer', async () => {
    const asked: string[] = []
    const governor = createSigningGovernor()
    const signOnce = createSignOnce({ governor, replicas: 'together' })
    const key = await keyOf([door('eu', asked), door('us', asked)])
    await signOnce(key, messageOf(0), purpose)
    let answer: () => void = () => undefined
    const late = new Promise<void>((resolve) => {
      answer = resolve
    })
    const hanging = [0, 1, 2].map(() => governor.run('quota eu', () => late))
    while (governor.stats().get('quota eu')?.running !== 3) await new Promise(setImmediate)
    await signOnce(key, messageOf(1), purpose)
    expect(asked).toEqual(['eu', 'us'])
    answer()
    await Promise.all(hanging)
  })
})

describe('the options of an authorizer', () => {
  it.each([
    ['a governor that is none', 'governor', { governor: {} }],
    ['replicas together without a governor', 'replicas', { replicas: 'together' }],
    ['replicas both', 'replicas', { replicas: 'both', governor: createSigningGovernor() }],
  ])('refuse %s', (_, option, options) => {
    // Neither is what the type asks for.
    const wrong = options as Parameters<typeof KmsAuthorizer.fromSigners>[1]
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })
    expect(() => KmsAuthorizer.fromSigners(software, wrong)).toThrow(refusal)
  })
})
