import { RLP } from '@ethereumjs/rlp'
import { encodeTransaction } from '../../../src/crypto/transaction.ts'
import {
  decodeTransaction,
  MAX_TRANSACTION_BYTES,
} from '../../../src/crypto/transaction-decoding.ts'
import { bytesOf, hexOf } from './independent.ts'
import { sampleTransaction } from './transactions.ts'

type Item = Uint8Array | Item[]
const refusal = expect.objectContaining({ code: 'MALFORMED_TRANSACTION', disposition: 'refuse' })
const live = encodeTransaction(sampleTransaction)

/** The sample as RLP items, to put one of them in another way. */
function items(): Item[] {
  return RLP.decode(live) as Item[] // a transaction is a list of lists
}
/** @param path - Indexes into the nested lists; the last names the item that is replaced. */
function replaced(path: readonly number[], item: Item): Uint8Array {
  const all = items()
  let list = all
  for (const index of path.slice(0, -1)) {
    const inner = list[index]
    if (!Array.isArray(inner)) throw new Error('not a list')
    list = inner
  }
  list[path.at(-1) ?? 0] = item
  return RLP.encode(all)
}
const addressOf = (number: number) => `0x${number.toString(16).padStart(16, '0')}`
const zeros = (length: number) => new Uint8Array(length)

/** RLP of a list, written here: the library's own encoder is recursive. */
function listOf(content: Uint8Array): Uint8Array {
  if (content.length < 56) return new Uint8Array([0xc0 + content.length, ...content])
  const digits = content.length.toString(16)
  const size = digits.padStart(digits.length + (digits.length % 2), '0')
  const head = bytesOf((0xf7 + size.length / 2).toString(16) + size)
  return new Uint8Array(Buffer.concat([head, content]))
}
/** The sample without signatures and with these arguments, as RLP. */
function withArguments(content: Uint8Array): Uint8Array {
  const [cadence, , ...rest] = (items()[0] as Item[]).map((item) => RLP.encode(item))
  const payload = listOf(Buffer.concat([cadence ?? zeros(0), listOf(content), ...rest]))
  return listOf(Buffer.concat([payload, new Uint8Array([0xc0, 0xc0])]))
}

/** A list in a list in a list: `depth` of them, as RLP. */
function nested(depth: number): Uint8Array {
  const heads: Uint8Array[] = []
  let length = 0
  for (let level = 0; level < depth; level++) {
    const size = length.toString(16).padStart(Math.ceil(length.toString(16).length / 2) * 2, '0')
    const head =
      length < 56
        ? new Uint8Array([0xc0 + length])
        : bytesOf((0xf7 + size.length / 2).toString(16) + size)
    heads.push(head)
    length += head.length
  }
  return new Uint8Array(Buffer.concat(heads.reverse()))
}

const refused: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', zeros(0)],
  ['one zero', zeros(1)],
  ['a text', RLP.encode('transaction')],
  ['an empty list', RLP.encode([])],
  ['two lists', RLP.encode([[], []])],
  ['four lists', RLP.encode([...items(), []])],
  ['the payload alone', RLP.encode(items()[0] ?? [])],
  ['a byte behind', new Uint8Array([...live, 0])],
  ['a byte in front', new Uint8Array([0, ...live])],
  ['the transaction twice', new Uint8Array([...live, ...live])],
  ['a payload of 8 fields', replaced([0], (items()[0] as Item[]).slice(0, 8))],
  ['a payload of 10 fields', replaced([0], [...(items()[0] as Item[]), zeros(0)])],
  ['a payload that is bytes', replaced([0], zeros(9))],
  ['Cadence that is not UTF-8', replaced([0, 0], bytesOf('ff'))],
  ['Cadence with an encoded surrogate', replaced([0, 0], bytesOf('eda080'))],
  ['Cadence in overlong UTF-8', replaced([0, 0], bytesOf('c080'))],
  ['Cadence that is a list', replaced([0, 0], [])],
  ['arguments that are bytes', replaced([0, 1], zeros(1))],
  ['an argument that is a list', replaced([0, 1], [[]])],
  ['an argument that is not UTF-8', replaced([0, 1], [bytesOf('80ff')])],
  ['a reference block of 31 bytes', replaced([0, 2], zeros(31))],
  ['a reference block of 33 bytes', replaced([0, 2], zeros(33))],
  ['a compute limit with a zero in front', replaced([0, 3], bytesOf('0064'))],
  ['a compute limit that is one zero byte', replaced([0, 3], zeros(1))],
  ['a compute limit over 2⁵³ − 1', replaced([0, 3], bytesOf('20000000000000'))],
  ['a compute limit of 1 kB', replaced([0, 3], zeros(1_000).fill(1))],
  ['a proposer of 7 bytes', replaced([0, 4], zeros(7))],
  ['a proposer of 9 bytes', replaced([0, 4], zeros(9))],
  ['a key index over 2⁵³ − 1', replaced([0, 5], zeros(8).fill(255))],
  ['a sequence number with a zero in front', replaced([0, 6], bytesOf('0029'))],
  ['a sequence number over 2⁶⁴ − 1', replaced([0, 6], bytesOf('010000000000000000'))],
  ['a payer of 20 bytes', replaced([0, 7], zeros(20))],
  ['an authorizer of 0 bytes', replaced([0, 8], [zeros(0)])],
  ['authorizers that are bytes', replaced([0, 8], zeros(8))],
  ['signatures that are bytes', replaced([1], zeros(1))],
  ['a signature that is bytes', replaced([1], [zeros(1)])],
  ['a signature of 2 fields', replaced([1, 0], [zeros(0), zeros(0)])],
  [
    'a signature of 5 fields',
    replaced([1, 0], [zeros(0), zeros(0), zeros(64), zeros(1), zeros(1)]),
  ],
  ['a signer index that no signer has', replaced([1, 0, 0], bytesOf('03'))],
  ['a signer index with a zero in front', replaced([1, 1, 0], bytesOf('0002'))],
  ['a key index of a signature over 2⁵³ − 1', replaced([1, 0, 1], zeros(8).fill(255))],
  ['a signature that is a list', replaced([1, 0, 2], [])],
  ['signatures out of order', replaced([1], [...(items()[1] as Item[])].reverse())],
  ['over 1,500,000 bytes', zeros(MAX_TRANSACTION_BYTES + 1)],
  ['1,500,000 zeros', zeros(MAX_TRANSACTION_BYTES)],
  ['a list of a million lists', listOf(zeros(1_000_000).fill(0xc0))],
  ['a million arguments that are lists', withArguments(zeros(1_000_000).fill(0xc0))],
  ['lists 1,000 deep', nested(1_000)],
  ['a length of 2⁶⁴', bytesOf('ffffffffffffffffff')],
  ['a long form for a short length', bytesOf('b80100')],
]

describe('decodeTransaction', () => {
  it('reads the transaction that the refused ones are made of', () => {
    expect(decodeTransaction(live)).toEqual(sampleTransaction)
    expect(hexOf(RLP.encode(items()))).toBe(hexOf(live))
  })

  it.each(refused)('refuses %s', (_, bytes) => {
    expect(() => decodeTransaction(bytes)).toThrow(refusal)
  })

  it('refuses lists 100,000 deep in no time', () => {
    const bytes = nested(100_000)
    const started = performance.now()
    expect(() => decodeTransaction(bytes)).toThrow(refusal)
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  /** The largest file that is looked at: one list, full of this byte. */
  const full = (byte: number) => {
    const bytes = zeros(MAX_TRANSACTION_BYTES).fill(byte)
    bytes.set([0xfa, ...bytesOf((MAX_TRANSACTION_BYTES - 4).toString(16))])
    return bytes
  }
  const hostile: readonly (readonly [string, Uint8Array])[] = [
    ['single bytes', full(0x01)],
    ['empty texts', full(0x80)],
    ['empty lists', full(0xc0)],
    ['authorizers, each of one byte', withArguments(zeros(MAX_TRANSACTION_BYTES - 300).fill(0x01))],
  ]
  // A million objects for each of them would take the test beyond its time.
  it.each(hostile)('refuses a thousand files of 1.5 MB of %s', (_, bytes) => {
    expect(bytes.length).toBeLessThanOrEqual(MAX_TRANSACTION_BYTES)
    for (let count = 0; count < 1_000; count++)
      expect(() => decodeTransaction(bytes)).toThrow(refusal)
  })

  it('reads as many signatures of as many accounts as there may be', () => {
    const addresses = Array.from({ length: 9_998 }, (_, index) => addressOf(index + 1))
    const transaction = {
      ...sampleTransaction,
      authorizers: addresses,
      payloadSignatures: addresses.map((address) => ({
        address,
        keyIndex: 0,
        signature: zeros(64),
      })),
      envelopeSignatures: [],
    }
    expect(decodeTransaction(encodeTransaction(transaction)).payloadSignatures).toHaveLength(9_998)
  })

  it('refuses every truncation', () => {
    for (let length = 0; length < live.length; length++)
      expect(() => decodeTransaction(live.subarray(0, length))).toThrow(refusal)
  })

  it('refuses every flipped bit, or reads it as what it encodes', () => {
    let read = 0
    for (let at = 0; at < live.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        const mutant = live.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte))
        try {
          const again = hexOf(encodeTransaction(decodeTransaction(mutant)))
          if (again !== hexOf(mutant)) throw new Error(`accepted ${hexOf(mutant)}`)
          read += 1
        } catch (error) {
          if (!refusal.asymmetricMatch(error)) throw error
        }
      }
    expect(read).toBeGreaterThan(0)
  })

  it.each([10, 1_000_000])('reads or refuses %d arguments, and does not crash', (count) => {
    const bytes = withArguments(zeros(count).fill(0x80))
    const read = () => decodeTransaction(bytes).arguments.length
    expect(count === 10 ? [10] : [count, 'refused']).toContain(outcome(read))
  })

  it('keeps nothing of its input', () => {
    const given = live.slice()
    const decoded = decodeTransaction(given)
    given.fill(0)
    expect(decoded).toEqual(sampleTransaction)
  })

  it('keeps a byte order mark in the Cadence', () => {
    const cadence = '\ufefftransaction {}'
    const bytes = encodeTransaction({ ...sampleTransaction, cadence })
    expect(decodeTransaction(bytes).cadence).toBe(cadence)
  })
})

/** The answer, or `refused`; anything else that is thrown is thrown on. */
function outcome<T>(run: () => T): T | 'refused' {
  try {
    return run()
  } catch (error) {
    if (!refusal.asymmetricMatch(error)) throw error
    return 'refused'
  }
}
