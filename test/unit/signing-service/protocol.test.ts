import fc from 'fast-check'
import {
  decodeRequest,
  encodeRequest,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
} from '../../../src/signers/remote/protocol.ts'
import {
  decodeReply,
  encodeAnswer,
  encodeRefusal,
} from '../../../src/signers/remote/protocol-replies.ts'

const sign = {
  operation: 'sign',
  key: 'minter',
  message: new Uint8Array([0, 1, 255]),
  hashAlgorithm: 'SHA3_256',
} as const
const wire = {
  version: 1,
  operation: 'sign',
  key: 'minter',
  message: 'AAH/',
  hashAlgorithm: 'SHA3_256',
}
const attest = { operation: 'attest', key: 'minter', nonce: new Uint8Array([0, 1, 255]) } as const
const wireAttest = { version: 1, operation: 'attest', key: 'minter', nonce: 'AAH/' }
const answer = {
  key: 'minter',
  publicKey: new Uint8Array(64).fill(1),
  signatureAlgorithm: 'ECDSA_P256',
  signature: new Uint8Array(64).fill(2),
  keyId: 'arn:aws:kms:eu-west-1:111122223333:key/a',
  requestId: 'r-1',
} as const
const refusal = {
  code: 'POLICY_REFUSED',
  disposition: 'refuse',
  message: 'The policy does not allow it.',
  reason: 'no rule names this script',
  requestId: 'r-2',
} as const

describe('a request', () => {
  it('is written as the page of the protocol shows it', () => {
    expect(JSON.parse(encodeRequest(sign))).toEqual(wire)
    expect(JSON.parse(encodeRequest({ operation: 'publicKey', key: 'minter' }))).toEqual({
      version: 1,
      operation: 'publicKey',
      key: 'minter',
    })
    expect(JSON.parse(encodeRequest(attest))).toEqual(wireAttest)
  })

  it.each([
    ['a signature', sign],
    ['a signature with approvals', { ...sign, approvals: ['one', 'two'] }],
    ['a public key', { operation: 'publicKey', key: 'a/b:c.d@e+f-g_h' } as const],
    ['an attestation', attest],
    ['the longest nonce', { ...attest, nonce: new Uint8Array(512).fill(9) }],
  ])('for %s is read as it was written', (_name, request) => {
    expect(decodeRequest(JSON.parse(encodeRequest(request)))).toEqual(request)
  })

  it('of the largest message fits', () => {
    const message = new Uint8Array(MAX_MESSAGE_BYTES)
    const text = encodeRequest({ ...sign, key: 'k'.repeat(128), message })
    expect(text.length).toBeLessThanOrEqual(MAX_REQUEST_BYTES)
  })

  it('of a larger message is not made', () => {
    const message = new Uint8Array(MAX_MESSAGE_BYTES + 1)
    expect(() => encodeRequest({ ...sign, message })).toThrow(
      expect.objectContaining({
        code: 'SIGNING_REQUEST_TOO_LARGE',
        context: { byteLength: MAX_MESSAGE_BYTES + 1, maxBytes: MAX_MESSAGE_BYTES },
      }),
    )
  })

  it('of the largest message is read, and of a larger one refused by its length', () => {
    const message = 'AAAA'.repeat(MAX_MESSAGE_BYTES / 3)
    expect(decodeRequest({ ...wire, message })).toMatchObject({ operation: 'sign' })
    expect(() => decodeRequest({ ...wire, message: `${message}AA==` })).toThrow(
      expect.objectContaining({
        code: 'SIGNING_REQUEST_TOO_LARGE',
        context: { byteLength: MAX_MESSAGE_BYTES + 1, maxBytes: MAX_MESSAGE_BYTES },
      }),
    )
  })

  it('of the largest transaction with its domain tag fits', () => {
    expect(MAX_MESSAGE_BYTES).toBeGreaterThanOrEqual(1_500_000 + 32)
  })

  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'sign'],
    ['a list', [wire]],
    ['no version', { ...wire, version: undefined }],
    ['another version', { ...wire, version: 2 }],
    ['a version as text', { ...wire, version: '1' }],
    ['another operation', { ...wire, operation: 'decrypt' }],
    ['an operation of every object', { ...wire, operation: 'toString' }],
    ['no key', { ...wire, key: undefined }],
    ['an empty key', { ...wire, key: '' }],
    ['a key with a space', { ...wire, key: 'my key' }],
    ['a key with a line break', { ...wire, key: 'minter\n' }],
    ['a long key', { ...wire, key: 'k'.repeat(129) }],
    ['no message', { ...wire, message: undefined }],
    ['a message as a list', { ...wire, message: ['AAH/'] }],
    ['a message in hexadecimal', { ...wire, message: '0001ff' }],
    ['a message of base64url', { ...wire, message: 'AAH_' }],
    ['a message without its padding', { ...wire, message: 'AAE' }],
    ['a message with spare bits', { ...wire, message: 'AAF=' }],
    ['a message that is padded twice', { ...wire, message: 'AA==AA==' }],
    ['a message with a line break', { ...wire, message: 'AAH/\n' }],
    ['a message with a space', { ...wire, message: 'AA H/' }],
    ['a message with what is no base64', { ...wire, message: 'AAH/!!!!' }],
    ['a message of padding', { ...wire, message: '====' }],
    ['a message of half a padding', { ...wire, message: '==' }],
    ['a message that is padding alone', { ...wire, message: '=' }],
    ['a message of one character', { ...wire, message: 'A' }],
    ['a message that ends early', { ...wire, message: 'AA=' }],
    ['no hash', { ...wire, hashAlgorithm: undefined }],
    ['a hash of Ethereum', { ...wire, hashAlgorithm: 'KECCAK_256' }],
    ['a digest beside the message', { ...wire, digest: '00' }],
    ['one approval', { ...wire, approvals: 'yes' }],
    ['an approval that is no text', { ...wire, approvals: [{}] }],
    ['an empty approval', { ...wire, approvals: [''] }],
    ['a long approval', { ...wire, approvals: ['a'.repeat(4_097)] }],
    ['many approvals', { ...wire, approvals: Array.from({ length: 17 }, () => 'a') }],
    ['an attestation with a message', { ...wireAttest, message: 'AAH/' }],
    ['an attestation without a nonce', { version: 1, operation: 'attest', key: 'a' }],
    ['an empty nonce', { ...wireAttest, nonce: '' }],
    ['a nonce of 513 bytes', { ...wireAttest, nonce: 'A'.repeat(684) }],
    ['a nonce in hexadecimal', { ...wireAttest, nonce: '0001ff0' }],
    ['a nonce with spare bits', { ...wireAttest, nonce: 'AAF=' }],
    ['a nonce as a list', { ...wireAttest, nonce: ['AAH/'] }],
    ['a signature with a nonce', { ...wire, nonce: 'AAH/' }],
    ['a public key with a nonce', { ...wireAttest, operation: 'publicKey' }],
    ['a public key with a message', { version: 1, operation: 'publicKey', key: 'a', message: '' }],
  ])('with %s is refused', (_name, request) => {
    expect(() => decodeRequest(request)).toThrow(
      expect.objectContaining({ code: 'SIGNING_REQUEST_MALFORMED' }),
    )
  })

  it('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => decodeRequest(value)).toThrow(
          expect.objectContaining({ code: 'SIGNING_REQUEST_MALFORMED' }),
        )
      }),
    )
  })
})

const attested = { ...answer, document: new Uint8Array(12_288).fill(3) }
const wireAnswer = encodeAnswer(answer)
const wireRefusal = encodeRefusal(refusal)

describe('a reply', () => {
  it.each([
    ['an answer', wireAnswer, { answer }],
    ['a document', encodeAnswer(attested), { answer: attested }],
    ['a refusal', wireRefusal, { refusal }],
  ])('that is %s is read as it was written', (_name, written, read) => {
    expect(decodeReply(JSON.parse(JSON.stringify(written)))).toEqual(read)
  })

  it.each(['a\nb', '\u0000', '', 'a'.repeat(5_000)])(
    'is one whatever a policy says and a signer is called: %j',
    (text) => {
      const said = decodeReply(encodeRefusal({ ...refusal, reason: text }))
      const told = decodeReply(encodeAnswer({ ...answer, keyId: text }))
      expect([said.refusal?.code, told.answer?.key]).toEqual([refusal.code, answer.key])
    },
  )

  it('may tell more than is known', () => {
    expect(decodeReply({ ...wireAnswer, region: 'eu-west-1' })).toEqual({ answer })
  })

  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['a page', '<html>502 Bad Gateway</html>'],
    ['a message of API Gateway', { message: 'Forbidden' }],
    ['another version', { ...wireAnswer, version: 2 }],
    ['no request id', { ...wireAnswer, requestId: undefined }],
    ['a request id of two lines', { ...wireAnswer, requestId: 'a\nb' }],
    ['a short public key', { ...wireAnswer, publicKey: '01'.repeat(63) }],
    ['a public key in upper case', { ...wireAnswer, publicKey: 'AB'.repeat(64) }],
    ['another curve', { ...wireAnswer, signatureAlgorithm: 'ECDSA_P384' }],
    ['a long signature', { ...wireAnswer, signature: '02'.repeat(65) }],
    ['a signature that is null', { ...wireAnswer, signature: null }],
    ['a document of nothing', { ...wireAnswer, document: '' }],
    ['a document that is too long', { ...wireAnswer, document: 'A'.repeat(16_388) }],
    ['a document that is no base64', { ...wireAnswer, document: 'AA_/' }],
    ['a document that is null', { ...wireAnswer, document: null }],
    ['a key id with control characters', { ...wireAnswer, keyId: 'a\u0000' }],
    ['a refusal without a code', { ...wireRefusal, error: { ...refusal, code: undefined } }],
    ['a refusal with a code of anything', { ...wireRefusal, error: { ...refusal, code: 'a b' } }],
    ['a refusal without an end', { ...wireRefusal, error: { ...refusal, disposition: 'wait' } }],
    ['a refusal that is a text', { ...wireRefusal, error: 'no' }],
  ])('that is or has %s is refused', (_name, reply) => {
    expect(() => decodeReply(reply)).toThrow(
      expect.objectContaining({ code: 'SIGNING_REPLY_MALFORMED' }),
    )
  })
})
