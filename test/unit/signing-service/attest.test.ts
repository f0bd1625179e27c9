import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignerError } from '../../../src/errors.ts'
import { decodeAttestedKey, encodeAttestedKey } from '../../../src/signers/remote/attested-key.ts'
import { callService } from '../../../src/signers/remote/call.ts'
import { readOptions } from '../../../src/signers/remote/options.ts'
import { MAX_DOCUMENT_BYTES } from '../../../src/signers/remote/protocol.ts'
import { decodeReply } from '../../../src/signers/remote/protocol-replies.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { lambdaHandler, listen, type ServiceAttest } from '../../../src/signing-service/index.ts'
import { fullKey, refusedWith, serviceWith, signer } from './fixture.ts'

const nonce = Uint8Array.of(7, 8, 9)
const asked = { version: 1, operation: 'attest', key: 'minter', nonce: 'BwgJ' }
/** In place of the hardware: what it was given, the nonce first. */
const attest: ServiceAttest = async (request) =>
  Uint8Array.of(...request.nonce, ...request.userData)

async function expected() {
  const { bytes: publicKey, algorithm: signatureAlgorithm } = await signer.publicKey()
  const userData = encodeAttestedKey({ key: 'minter', publicKey, signatureAlgorithm })
  return { publicKey, signatureAlgorithm, document: Uint8Array.of(...nonce, ...userData) }
}

describe('a signing service that attests', () => {
  it('answers with a document about nonce, key and public key', async () => {
    const { service, events } = serviceWith({ attest })
    const { status, body } = await service.handle(asked)
    expect(status).toBe(200)
    expect(decodeReply(body).answer).toMatchObject({ key: 'minter', ...(await expected()) })
    expect(body).not.toHaveProperty('signature')
    expect(events).toMatchObject([{ operation: 'attest', key: 'minter', outcome: 'told' }])
  })

  it('asks the hardware only after the key has signed for the public key it names', async () => {
    const { sign } = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    const seen: Uint8Array[] = []
    const impostor = {
      ...signer,
      sign: (request: Parameters<typeof sign>[0]) => {
        seen.push(request.message)
        return sign(request)
      },
    }
    let attested = 0
    const { service } = serviceWith({
      keys: { minter: { ...fullKey, signer: impostor } },
      attest: async (request, options) => {
        attested += 1
        return attest(request, options)
      },
    })
    expect(await service.handle(asked)).toEqual(refusedWith('SIGNATURE_INVALID', 500))
    expect(await service.handle(asked)).toEqual(refusedWith('SIGNATURE_INVALID', 500))
    expect(attested).toBe(0)
    expect(seen.map((message) => Buffer.from(message).subarray(0, 22).toString())).toEqual([
      'FCL-KMS-ATTESTATION-V1',
      'FCL-KMS-ATTESTATION-V1',
    ])
    expect(seen[0]).not.toEqual(seen[1])
  })

  it('says nothing of a key that it does not have, or without hardware', async () => {
    const { service } = serviceWith({ attest })
    expect(await service.handle({ ...asked, key: 'burner' })).toEqual(
      refusedWith('SIGNING_KEY_UNKNOWN', 404),
    )
    const without = serviceWith()
    expect(await without.service.handle(asked)).toEqual(refusedWith('ATTESTATION_UNAVAILABLE', 404))
  })

  it.each<readonly [string, ServiceAttest, string, number]>([
    ['no bytes', async () => 'document' as never, 'SIGNING_SERVICE_FAILED', 500],
    ['nothing', async () => new Uint8Array(), 'SIGNING_SERVICE_FAILED', 500],
    ['too much', async () => new Uint8Array(12_289), 'SIGNING_SERVICE_FAILED', 500],
    ['an error', () => Promise.reject(new Error('a secret')), 'SIGNING_SERVICE_FAILED', 500],
    [
      'an error of this package',
      () => Promise.reject(new SignerError('SIGNING_SERVICE_BUSY', { reason: 'full' })),
      'SIGNING_SERVICE_BUSY',
      503,
    ],
    ['nothing for ever', () => new Promise(() => undefined), 'SIGNING_SERVICE_TIMEOUT', 504],
  ])('refuses when the hardware answers %s', async (_name, broken, code, status) => {
    const { service, events } = serviceWith({ attest: broken, timeoutMs: 50 })
    expect(await service.handle(asked)).toEqual(refusedWith(code, status))
    expect(JSON.stringify(events)).not.toContain('a secret')
  })

  it('takes no hardware that is no function', () => {
    expect(() => serviceWith({ attest: 7 as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', context: expect.anything() }),
    )
  })
})

describe('the largest document and the longest nonce', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attest-'))
  const socketPath = join(folder, 'sign.sock')
  afterAll(() => rmSync(folder, { recursive: true }))
  const large = new Uint8Array(MAX_DOCUMENT_BYTES).fill(0x5a)
  const { service } = serviceWith({ attest: async () => large })
  const longest = new Uint8Array(512).fill(1)

  it.each(['a port', 'a Unix socket'])('pass through %s', async (name) => {
    const where = name === 'a port' ? ({ port: 0 } as const) : { socketPath }
    await using door = await listen(service, where)
    const way = name === 'a port' ? { url: door.address } : { socketPath }
    const { transport, limits } = readOptions({ ...way, key: 'minter' })
    const request = { operation: 'attest', key: 'minter', nonce: longest } as const
    const { answer } = await callService({ transport, limits, signerId: 'test', request })
    expect(answer.document).toEqual(large)
  })

  it('pass through a Lambda', async () => {
    const said = await lambdaHandler(service)({
      ...asked,
      nonce: Buffer.from(longest).toString('base64'),
    })
    expect(decodeReply(said).answer?.document).toEqual(large)
  })
})

describe('what a document says of a key', () => {
  const key = { key: 'minter', publicKey: new Uint8Array(64).fill(1) }
  const attested = { ...key, signatureAlgorithm: 'ECDSA_P256' } as const
  const text = Buffer.from(encodeAttestedKey(attested)).toString()
  const bytes = (changed: string) => new TextEncoder().encode(changed)

  it('is read as it was written', () => {
    expect(text).toBe(
      `{"key":"minter","publicKey":"${'01'.repeat(64)}","signatureAlgorithm":"ECDSA_P256"}`,
    )
    expect(decodeAttestedKey(bytes(text))).toEqual(attested)
  })

  it('of the longest name fits where the hardware takes 512 bytes', () => {
    const longest = { ...attested, key: 'k'.repeat(128), signatureAlgorithm: 'ECDSA_secp256k1' }
    expect(encodeAttestedKey(longest as typeof attested).length).toBeLessThanOrEqual(400)
  })

  it.each([
    ['no JSON', 'minter'],
    ['null', 'null'],
    ['another order', JSON.stringify({ signatureAlgorithm: 'ECDSA_P256', ...JSON.parse(text) })],
    ['a field more', text.replace('}', ',"a":1}')],
    ['a space', text.replace(',', ', ')],
    ['a key twice', text.replace('{', '{"key":"burner",')],
    ['an escape', text.replace('minter', 'm\\u0069nter')],
    ['upper case', text.replace(/01/, '0A')],
    ['a short key', text.replace('01', '')],
    ['another curve', text.replace('P256', 'P384')],
    ['no name', text.replace('minter', '')],
    ['a byte order mark', `\uFEFF${text}`],
  ])('is refused with %s', (_name, changed) => {
    expect(decodeAttestedKey(bytes(changed))).toBeUndefined()
  })
})
