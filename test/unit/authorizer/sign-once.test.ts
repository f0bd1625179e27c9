import type { BoundKey } from '../../../src/authorizer/bound-account.ts'
import type { SignEvent } from '../../../src/authorizer/observer.ts'
import { createSignOnce } from '../../../src/authorizer/sign-once.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { type Signer, SignerError } from '../../../src/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'

const message = new TextEncoder().encode('a message')
const purpose = () => ({ kind: 'user-message' }) as const
const software = createSoftwareSigner({ algorithm: 'ECDSA_P256' })

/** The same key behind another door, counted, and failing when told to. */
function door(id: string, failure?: Error): Signer & { readonly calls: () => number } {
  let calls = 0
  return {
    id,
    publicKey: software.publicKey,
    sign: (request) => {
      calls += 1
      return failure ? Promise.reject(failure) : software.sign(request)
    },
    calls: () => calls,
  }
}

const keyOf = async (signers: readonly Signer[], keyIndex = 0): Promise<BoundKey> => ({
  address: '0x0102030405060708',
  keyIndex,
  weight: 1000,
  hashAlgorithm: 'SHA3_256',
  signatureAlgorithm: 'ECDSA_P256',
  publicKey: bytesToHex((await software.publicKey()).bytes),
  signers,
})

const unavailable = new SignerError('KMS_UNAVAILABLE', {
  keyId: 'mrk',
  reason: 'ECONNREFUSED',
  attempts: 3,
  elapsedMs: 1,
})
const disabled = new SignerError('KEY_DISABLED', { keyId: 'mrk' })
const mismatch = new SignerError('KMS_REPLY_MISMATCH', { keyId: 'mrk', field: 'KeyId' })

describe('createSignOnce', () => {
  it('signs once for two indexes of one public key and one message', async () => {
    const signer = door('a')
    const signOnce = createSignOnce({})
    const first = signOnce(await keyOf([signer], 0), message, purpose)
    const second = signOnce(await keyOf([signer], 7), message, purpose)
    expect(await first).toBe(await second)
    expect(signer.calls()).toBe(1)
  })

  it('signs again for another message or another hash', async () => {
    const signer = door('a')
    const signOnce = createSignOnce({})
    const key = await keyOf([signer])
    await signOnce(key, message, purpose)
    await signOnce(key, new Uint8Array([1]), purpose)
    await signOnce({ ...key, hashAlgorithm: 'SHA2_256' }, message, purpose)
    expect(signer.calls()).toBe(3)
  })

  it.each([
    ['cannot be reached', unavailable],
    ['waits for an operator', disabled],
  ])('asks the second signer of a key when the first %s', async (_, failure) => {
    const [first, second] = [door('eu', failure), door('us')]
    const events: SignEvent[] = []
    const signOnce = createSignOnce({ onSign: (event) => events.push(event) })
    expect(await signOnce(await keyOf([first, second]), message, purpose)).toHaveLength(64)
    expect(events.map(({ signerId, errorCode }) => [signerId, errorCode])).toEqual([
      ['eu', failure.code],
      ['us', undefined],
    ])
  })

  it('asks nobody else when an answer was not what it should be', async () => {
    const [first, second] = [door('eu', mismatch), door('us')]
    const signing = createSignOnce({})(await keyOf([first, second]), message, purpose)
    await expect(signing).rejects.toBe(mismatch)
    expect(second.calls()).toBe(0)
  })

  it('fails with the last error when no signer can', async () => {
    const signers = [door('eu', unavailable), door('us', disabled)]
    const signing = createSignOnce({})(await keyOf(signers), message, purpose)
    await expect(signing).rejects.toBe(disabled)
  })

  it('asks nobody else once the caller has given up', async () => {
    const controller = new AbortController()
    const reason = new Error('not any more')
    const second = door('us')
    const first: Signer = {
      ...door('eu'),
      sign: async () => {
        controller.abort(reason)
        throw unavailable
      },
    }
    const key = await keyOf([first, second])
    const signing = createSignOnce({})(key, message, purpose, controller.signal)
    await expect(signing).rejects.toBe(reason)
    expect(second.calls()).toBe(0)
  })
})
