import {
  createNitroChain,
  type DocumentFields,
  pcr,
} from '../../../examples/enclave/local/nitro/documents.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { attestKey } from '../../../src/enclave/index.ts'
import { encodeAttestedKey } from '../../../src/signers/remote/attested-key.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import {
  createSigningService,
  listen,
  type SigningService,
} from '../../../src/signing-service/index.ts'
import { attestingService, signer } from '../../support/nitro/attesting-service.ts'

const chain = createNitroChain(Date.now())
const root = chain[0]?.certificate ?? new Uint8Array()
const pcrs = { 0: '01'.repeat(48) }

async function ask(service: SigningService, more: object = {}) {
  await using door = await listen(service, { port: 0 })
  return await attestKey({ url: door.address, key: 'minter', pcrs, root, ...more })
}

const refusal = (code: string, context: object) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

describe('attestKey', () => {
  it('tells the key that an enclave of this image has', async () => {
    const { bytes, algorithm } = await signer.publicKey()
    const told = await ask(attestingService(chain))
    expect(told).toMatchObject({ publicKey: bytesToHex(bytes), signatureAlgorithm: algorithm })
    expect(told.attestation).toMatchObject({ moduleId: expect.stringMatching(/^i-.*-enc/) })
    expect(told.attestation.nonce).toHaveLength(32)
  })

  it('asks with another nonce each time', async () => {
    const nonces = [await ask(attestingService(chain)), await ask(attestingService(chain))].map(
      ({ attestation }) => bytesToHex(attestation.nonce ?? new Uint8Array()),
    )
    expect(new Set(nonces).size).toBe(2)
  })

  const foreign = async (key: string) => {
    const { publicKey } = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    const { bytes, algorithm } = await publicKey()
    return encodeAttestedKey({ key, publicKey: bytes, signatureAlgorithm: algorithm })
  }
  it.each<readonly [string, () => Promise<DocumentFields>, string, string | RegExp]>([
    ['another image', async () => ({ pcrs: new Map([[0, pcr(9)]]) }), 'MISMATCH', 'PCR0 is'],
    ['a debug mode', async () => ({ pcrs: new Map([[0, pcr(0)]]) }), 'MISMATCH', 'debug mode'],
    ['no PCR0', async () => ({ pcrs: new Map([[1, pcr(1)]]) }), 'MISMATCH', 'debug mode'],
    ['the nonce of another question', async () => ({ nonce: pcr(1) }), 'MISMATCH', 'this nonce'],
    ['no nonce', async () => ({ nonce: null }), 'MISMATCH', 'this nonce'],
    ['another key', async () => ({ user_data: await foreign('minter') }), 'MISMATCH', 'not name'],
    ['no key', async () => ({ user_data: null }), 'MISMATCH', 'it does not name the key'],
    ['an older time', async () => ({ timestamp: Date.now() - 300_001 }), 'STALE', 'it was made'],
  ])('refuses a document with %s', async (_name, changes, code, reason) => {
    await expect(ask(attestingService(chain, await changes()))).rejects.toEqual(
      refusal(`ATTESTATION_${code}`, { reason: expect.stringMatching(reason) }),
    )
  })

  it('refuses debug mode also where the register that was expected fits', async () => {
    const pcrs = new Map([0, 8].map((index) => [index, pcr(index)]))
    await expect(
      ask(attestingService(chain, { pcrs }), { pcrs: { 8: '08'.repeat(48) } }),
    ).rejects.toEqual(refusal('ATTESTATION_MISMATCH', { reason: 'it runs in debug mode' }))
  })

  it('refuses the document of another root, and that of AWS where none is given', async () => {
    const other = attestingService(createNitroChain(Date.now()))
    await expect(ask(other)).rejects.toEqual(refusal('ATTESTATION_UNTRUSTED', {}))
    const ofAws = { root: undefined }
    await expect(ask(attestingService(chain), ofAws)).rejects.toEqual(
      refusal('ATTESTATION_UNTRUSTED', {}),
    )
  })

  it('refuses an answer about another key, or without a document', async () => {
    const service = attestingService(chain)
    const renamed: SigningService = {
      ...service,
      handle: (request, call) => service.handle({ ...(request as object), key: 'burner' }, call),
    }
    await expect(ask(renamed)).rejects.toEqual(
      refusal('REMOTE_SIGNER_REPLY_MISMATCH', { field: 'key' }),
    )
    const plain: SigningService = {
      ...service,
      handle: () => service.handle({ version: 1, operation: 'publicKey', key: 'minter' }),
    }
    await expect(ask(plain)).rejects.toEqual(
      refusal('REMOTE_SIGNER_REPLY_MISMATCH', { field: 'document' }),
    )
  })

  it('refuses a public key that was put into the answer on the way', async () => {
    const service = attestingService(chain)
    const { bytes } = await createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' }).publicKey()
    const changed: SigningService = {
      ...service,
      async handle(request, call) {
        const { status, body } = await service.handle(request, call)
        return { status, body: { ...body, publicKey: bytesToHex(bytes) } }
      },
    }
    await expect(ask(changed)).rejects.toEqual(
      refusal('ATTESTATION_MISMATCH', { reason: expect.stringContaining('public key') }),
    )
  })

  it('refuses another key than the one that was given', async () => {
    const { bytes } = await signer.publicKey()
    const publicKey = bytesToHex(bytes)
    expect(await ask(attestingService(chain), { publicKey })).toMatchObject({ publicKey })
    const other = await createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' }).publicKey()
    await expect(
      ask(attestingService(chain), { publicKey: bytesToHex(other.bytes) }),
    ).rejects.toEqual(refusal('REMOTE_SIGNER_REPLY_MISMATCH', { field: 'publicKey' }))
  })

  it('says that a service outside an enclave does not attest', async () => {
    const without = createSigningService({ keys: { minter: { signer, userMessages: true } } })
    await expect(ask(without)).rejects.toEqual(
      refusal('REMOTE_SIGNER_REQUEST_REFUSED', { serviceCode: 'ATTESTATION_UNAVAILABLE' }),
    )
  })

  it.each<readonly [string, object, string]>([
    ['no measurement', { pcrs: {} }, 'pcrs'],
    ['zeros', { pcrs: { 0: '00'.repeat(48) } }, 'pcrs.0'],
    ['approvals', { approvals: ['yes'] }, 'approvals'],
    ['an option that is unknown', { pcr0: '01' }, 'pcr0'],
    ['two ways', { socketPath: '/run/sign.sock' }, 'url'],
    ['a root in PEM', { root: new TextEncoder().encode('-----BEGIN') }, 'root'],
    ['a signal that is none', { signal: {} }, 'signal'],
  ])('takes no %s', async (_name, more, option) => {
    await expect(
      attestKey({ url: 'http://127.0.0.1:1', key: 'minter', pcrs, root, ...more }),
    ).rejects.toEqual(refusal('INVALID_OPTION', { option }))
  })

  it('ends with its signal', async () => {
    const hangs = attestingService(chain, {}, () => new Promise(() => undefined))
    const signal = AbortSignal.timeout(30)
    await expect(ask(hangs, { signal })).rejects.toThrow(
      expect.objectContaining({ name: 'TimeoutError' }),
    )
  })
})
