import { createHash } from 'node:crypto'
import { RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { domainTags, encodeDomainTag, withDomainTag } from '../../../src/crypto/domain-tags.ts'
import { decodeMessage } from '../../../src/crypto/message-decoding.ts'
import { accountProofMessage, userMessage } from '../../../src/crypto/messages.ts'
import { envelopeMessage, payloadMessage } from '../../../src/crypto/transaction.ts'
import { isSignerError } from '../../../src/errors.ts'
import { seed } from './seed.ts'
import { anyTransaction, sampleTransaction } from './transactions.ts'

type Item = Uint8Array | Item[]
const address = '0xf8d6e0586b0a20c7'
const nonce = '75f8587e5bd982ec9289c5be1f9426bd12b4c1de9c7a7e4d8c5f9e8b2a7c3f1e'
const proof = { appIdentifier: 'App', nonce }
const messages = {
  payload: payloadMessage(sampleTransaction),
  envelope: envelopeMessage(sampleTransaction),
  userMessage: userMessage(new TextEncoder().encode('hello')),
  accountProof: accountProofMessage(address, proof),
}
const utf8 = (text: string) => new TextEncoder().encode(text)
const itemsOf = (message: Uint8Array) => RLP.decode(message.subarray(32)) as Item[]
const payload = itemsOf(messages.payload)
const signatures = itemsOf(messages.envelope)[1] as Item[]
const transaction = (items: Item[]) => withDomainTag('transaction', RLP.encode(items))
const ofProof = (...items: Item[]) => withDomainTag('accountProof', RLP.encode(items))
const sha3 = createHash('sha3-256').update(messages.payload).digest()

describe('decodeMessage', () => {
  const { payloadSignatures, envelopeSignatures, ...body } = sampleTransaction

  it('tells payload, envelope, user message and account proof by their content', () => {
    expect(decodeMessage(messages.payload)).toEqual({ kind: 'payload', payload: body })
    expect(decodeMessage(messages.envelope)).toEqual({
      kind: 'envelope',
      payload: body,
      payloadSignatures,
    })
    expect(decodeMessage(messages.userMessage)).toEqual({
      kind: 'userMessage',
      content: utf8('hello'),
    })
    expect(decodeMessage(messages.accountProof)).toEqual({ kind: 'accountProof', address, proof })
  })

  it(`reads what it would write, for 300 transactions (FCL_KMS_SEED=${seed})`, () => {
    fc.assert(
      fc.property(anyTransaction, (any) => {
        const read = [payloadMessage(any), envelopeMessage(any)].map(decodeMessage)
        const [first, second] = read
        if (first?.kind !== 'payload' || second?.kind !== 'envelope') throw new Error('a kind')
        expect(payloadMessage(first.payload)).toEqual(payloadMessage(any))
        const again = { ...second.payload, ...second, envelopeSignatures: [] }
        expect(envelopeMessage(again)).toEqual(envelopeMessage(any))
      }),
      { numRuns: 300, seed },
    )
  })

  it.each<readonly [string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['31 bytes', new Uint8Array(31)],
    ['the digest of a payload', sha3],
    ['a tag alone', encodeDomainTag(domainTags.user)],
    ['33 bytes', new Uint8Array(33).fill(7)],
    ['a digest of SHA-512', createHash('sha512').update(messages.payload).digest()],
    ['RLP without a tag', messages.payload.subarray(32)],
    ['a tag of another version', Buffer.concat([encodeDomainTag('FLOW-V0.1-transaction'), sha3])],
    [
      'a tag that is not padded',
      Buffer.concat([utf8(domainTags.transaction), RLP.encode(payload)]),
    ],
    ['1.5 MB and more', userMessage(new Uint8Array(1_500_001))],
    ['a proof that is no RLP', withDomainTag('accountProof', utf8('App'))],
    ['a proof that is bytes', withDomainTag('accountProof', RLP.encode(utf8('App')))],
    ['a proof of two fields', ofProof(utf8('App'), new Uint8Array(8))],
    ['a proof of four fields', ofProof(utf8('App'), new Uint8Array(8), sha3, sha3)],
    ['a proof with a list in it', ofProof([utf8('App')], new Uint8Array(8), sha3)],
    ['a proof of no app', ofProof(new Uint8Array(), new Uint8Array(8), sha3)],
    [
      'a proof of an app that is not UTF-8',
      ofProof(new Uint8Array([255, 255]), new Uint8Array(8), sha3),
    ],
    ['a proof of a short address', ofProof(utf8('App'), new Uint8Array(7), sha3)],
    ['a proof of a short nonce', ofProof(utf8('App'), new Uint8Array(8), sha3.subarray(1))],
    ['a proof with something behind it', Buffer.concat([messages.accountProof, new Uint8Array(1)])],
  ])('refuses %s', (_name, message) => {
    expect(() => decodeMessage(message)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE', disposition: 'refuse' }),
    )
  })

  it.each<readonly [string, Uint8Array]>([
    ['a digest behind the tag', withDomainTag('transaction', sha3)],
    ['a payload of 8 items', transaction(payload.slice(0, 8))],
    ['a payload of 10 items', transaction([...payload, new Uint8Array()])],
    ['an envelope of 1 item', transaction([payload])],
    ['an envelope of 3 items: a whole transaction', transaction([payload, signatures, signatures])],
    ['an envelope whose signatures are none', transaction([payload, new Uint8Array()])],
    ['an envelope in an envelope', transaction([[payload, signatures], signatures])],
    ['signatures in another order', transaction([payload, [...signatures].reverse()])],
    ['a byte behind the payload', Buffer.concat([messages.payload, new Uint8Array(1)])],
    ['a byte behind the envelope', Buffer.concat([messages.envelope, new Uint8Array(1)])],
    ['a number with a zero in front', transaction(payload.with(3, new Uint8Array([0, 100])))],
    ['a reference block of 31 bytes', transaction(payload.with(2, new Uint8Array(31)))],
    ['a payer of 7 bytes', transaction(payload.with(7, new Uint8Array(7)))],
    ['a length in a longer form', withDomainTag('transaction', long(RLP.encode(payload)))],
  ])('refuses %s', (_name, message) => {
    expect(() => decodeMessage(message)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_TRANSACTION', disposition: 'refuse' }),
    )
  })

  it.each(Object.entries(messages))(
    'takes no other bytes for the same %s, whichever byte has a bit flipped',
    (_kind, message) => {
      const said = new Set([JSON.stringify(plain(decodeMessage(message)))])
      for (let at = 0; at < message.length; at += 1) {
        const flipped = message.slice()
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
        const read = readOrRefuse(flipped)
        if (read === undefined) continue
        expect(said.has(read)).toBe(false)
        said.add(read)
      }
    },
  )

  it(`refuses any bytes by a code (FCL_KMS_SEED=${seed})`, () => {
    const domain = fc.constantFrom('transaction', 'user', 'accountProof')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), domain, (bytes, of) => {
        readOrRefuse(bytes)
        readOrRefuse(withDomainTag(of, bytes))
      }),
      { numRuns: 1_000, seed },
    )
  })
})

/** A list of more than 55 and less than 65,536 bytes, with one byte more than its length needs. */
function long(rlp: Uint8Array): Uint8Array {
  const [head = 0] = rlp
  return new Uint8Array([head + 1, 0, ...rlp.subarray(1)])
}

function readOrRefuse(message: Uint8Array): string | undefined {
  try {
    return JSON.stringify(plain(decodeMessage(message)))
  } catch (error) {
    if (isSignerError(error, 'MALFORMED_MESSAGE') || isSignerError(error, 'MALFORMED_TRANSACTION'))
      return undefined
    throw error
  }
}

const plain = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? `${value}n`
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('hex')
      : Array.isArray(value)
        ? value.map(plain)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
          : value
