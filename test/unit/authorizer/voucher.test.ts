import { encodeTransactionEnvelope, encodeTransactionPayload } from '@onflow/sdk'
import fc from 'fast-check'
import { checkSignable } from '../../../src/authorizer/voucher.ts'
import { envelopeMessage, payloadMessage, transactionId } from '../../../src/crypto/transaction.ts'
import { hexOf } from '../crypto/independent.ts'
import { seed } from '../crypto/seed.ts'
import {
  anyTransaction,
  sampleTransaction,
  type Voucher,
  voucherOf,
} from '../crypto/transactions.ts'

const proposer = '0x0102030405060708'
const payer = '0x1112131415161718'
const payload = hexOf(payloadMessage(sampleTransaction))
const envelope = hexOf(envelopeMessage(sampleTransaction))
const voucher = (): Voucher => voucherOf(sampleTransaction, '0x')
const withCode = (code: string, context: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

describe('checkSignable', () => {
  it('gives the payload to a proposer and to an authorizer', () => {
    for (const [address, keyIndex] of [
      [proposer, 3],
      ['0x2122232425262728', 0],
    ] as const) {
      const checked = checkSignable({ message: payload, voucher: voucher() }, address, keyIndex)
      expect([checked.part, hexOf(checked.message)]).toEqual(['payload', payload])
    }
  })

  it('gives the envelope to a payer', () => {
    const checked = checkSignable({ message: envelope, voucher: voucher() }, payer, 0)
    expect([checked.part, hexOf(checked.message)]).toEqual(['envelope', envelope])
  })

  it('gives the transaction that will be sent', () => {
    const { transaction } = checkSignable({ message: envelope, voucher: voucher() }, payer, 0)
    expect(transactionId(transaction)).toBe(transactionId(sampleTransaction))
  })

  it('reads upper-case hexadecimal, and addresses without 0x', () => {
    const signable = { message: payload.toUpperCase(), voucher: voucherOf(sampleTransaction) }
    expect(hexOf(checkSignable(signable, proposer, 3).message)).toBe(payload)
  })

  it.each([null, undefined])('reads slots that are not signed yet (%s)', (sig) => {
    const { payloadSigs, envelopeSigs } = voucher()
    const open = <T>(slots: readonly T[]) => slots.map((slot) => ({ ...slot, sig }))
    const signable = {
      message: payload,
      voucher: { ...voucher(), payloadSigs: open(payloadSigs), envelopeSigs: open(envelopeSigs) },
    }
    expect(checkSignable(signable, proposer, 3).part).toBe('payload')
  })

  it('lets a key that pays sign the envelope only, though it proposes too', () => {
    const both = {
      ...voucher(),
      proposalKey: { address: payer, keyId: 0, sequenceNum: 41 },
      payloadSigs: [],
    }
    const signs = (message: string) => checkSignable({ message, voucher: both }, payer, 0)
    const sdk = both as unknown as Parameters<typeof encodeTransactionEnvelope>[0]
    const bare = JSON.parse(JSON.stringify(sdk).replaceAll('0x', '')) as typeof sdk
    expect(signs(encodeTransactionEnvelope(bare)).part).toBe('envelope')
    expect(() => signs(encodeTransactionPayload(bare))).toThrow(withCode('MESSAGE_MISMATCH'))
  })

  it(`agrees with @onflow/sdk on 300 vouchers (FCL_KMS_SEED=${seed})`, () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const { address, keyIndex } = transaction.proposalKey
        const bare = {
          ...voucherOf(transaction),
          payloadSigs: [{ address, keyId: keyIndex, sig: null }],
          envelopeSigs: [],
        }
        const sdk = bare as unknown as Parameters<typeof encodeTransactionPayload>[0]
        const message = encodeTransactionPayload(sdk)
        const checked = checkSignable({ message, voucher: bare }, `0x${address}`, keyIndex)
        expect(hexOf(checked.message)).toBe(message)
      }),
      { seed, numRuns: 300 },
    )
  })

  type Change = (of: Voucher) => object
  const [first, second] = voucher().payloadSigs
  const changes: readonly (readonly [string, 'both' | 'envelope', Change])[] = [
    ['the Cadence', 'both', () => ({ cadence: `${sampleTransaction.cadence} ` })],
    ['an argument', 'both', () => ({ arguments: [{ type: 'Int', value: '8' }] })],
    ['the type of an argument', 'both', () => ({ arguments: [{ type: 'UInt', value: '7' }] })],
    ['the number of arguments', 'both', () => ({ arguments: [] })],
    ['the reference block', 'both', () => ({ refBlock: `${'ab'.repeat(31)}ac` })],
    ['the compute limit', 'both', () => ({ computeLimit: 101 })],
    [
      'the proposer',
      'both',
      ({ proposalKey }) => ({ proposalKey: { ...proposalKey, address: payer } }),
    ],
    [
      'the proposal key',
      'both',
      ({ proposalKey }) => ({ proposalKey: { ...proposalKey, keyId: 4 } }),
    ],
    [
      'the sequence number',
      'both',
      ({ proposalKey }) => ({ proposalKey: { ...proposalKey, sequenceNum: 42 } }),
    ],
    ['the payer', 'both', () => ({ payer: proposer })],
    ['an authorizer', 'both', () => ({ authorizers: [proposer, payer] })],
    [
      'the order of the authorizers',
      'both',
      ({ authorizers }) => ({ authorizers: [...authorizers].reverse() }),
    ],
    ['the number of authorizers', 'both', () => ({ authorizers: [proposer] })],
    [
      'a payload signature',
      'envelope',
      () => ({ payloadSigs: [{ ...first, sig: '05'.repeat(64) }, second] }),
    ],
    [
      'the key of a payload signature',
      'envelope',
      () => ({ payloadSigs: [first, { ...second, keyId: 1 }] }),
    ],
    ['the number of payload signatures', 'envelope', () => ({ payloadSigs: [first] })],
    [
      'the extension of a payload signature',
      'envelope',
      () => ({ payloadSigs: [{ ...first, extensionData: '01' }, second] }),
    ],
  ]
  it.each(changes)('refuses a message when %s is another (signed in: %s)', (_, part, change) => {
    const other = { ...voucher(), ...change(voucher()) }
    if (part === 'both')
      expect(() => checkSignable({ message: payload, voucher: other }, proposer, 3)).toThrow(
        withCode('MESSAGE_MISMATCH'),
      )
    // Without its account among the signers a signature cannot even be encoded.
    expect(() => checkSignable({ message: envelope, voucher: other }, payer, 0)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(MESSAGE_MISMATCH|MALFORMED_TRANSACTION)$/),
        disposition: 'refuse',
      }),
    )
  })

  it.each([
    ['the envelope for the payload', envelope, proposer, 3],
    ['the payload for the envelope', payload, payer, 0],
    ['a message without its domain tag', payload.slice(64), proposer, 3],
    [
      'a message with the tag of users',
      payload.replace(/^.{64}/, Buffer.from('FLOW-V0.0-user').toString('hex').padEnd(64, '0')),
      proposer,
      3,
    ],
    ['a message with a byte behind', `${payload}00`, proposer, 3],
    [
      'a message with one bit flipped',
      payload.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
      proposer,
      3,
    ],
    ['no message', '', proposer, 3],
    ['a key that does not sign', payload, proposer, 4],
    ['an account that does not sign', payload, '0x3132333435363738', 3],
    ['an authorizer without a slot for the key', payload, '0x2122232425262728', 1],
  ])('refuses %s', (_, message, address, keyIndex) => {
    expect(() => checkSignable({ message, voucher: voucher() }, address, keyIndex)).toThrow(
      withCode('MESSAGE_MISMATCH', { address, keyIndex }),
    )
  })

  it.each([
    ['non-hexadecimal', 'zz'],
    ['odd', `${payload}0`],
    ['0x', `0x${payload}`],
    ['missing', undefined],
    ['bytes', new Uint8Array(2)],
  ])('refuses a message that is %s', (_, message) => {
    // As FCL would call it, past the types.
    const signable = { message: message as string, voucher: voucher() }
    expect(() => checkSignable(signable, proposer, 3)).toThrow(withCode('MALFORMED_HEX'))
  })

  it('refuses a message larger than a transaction can be', () => {
    const message = '00'.repeat(1_500_001)
    expect(() => checkSignable({ message, voucher: voucher() }, proposer, 3)).toThrow(
      withCode('MESSAGE_MISMATCH'),
    )
  })

  const proposalKey = voucher().proposalKey
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'voucher'],
    ['an empty object', {}],
    ...Object.keys(voucher()).map((name): [string, unknown] => [
      `one without ${name}`,
      { ...voucher(), [name]: undefined },
    ]),
    ['Cadence that is a number', { ...voucher(), cadence: 7 }],
    ['arguments that are an object', { ...voucher(), arguments: {} }],
    ['an argument that is undefined', { ...voucher(), arguments: [undefined] }],
    ['an argument that is a function', { ...voucher(), arguments: [() => 1] }],
    ['a block of 31 bytes', { ...voucher(), refBlock: 'ab'.repeat(31) }],
    ['a block that is null', { ...voucher(), refBlock: null }],
    ['a compute limit that is a text', { ...voucher(), computeLimit: '100' }],
    ['a fraction as the compute limit', { ...voucher(), computeLimit: 1.5 }],
    ['a negative compute limit', { ...voucher(), computeLimit: -1 }],
    ['a compute limit of NaN', { ...voucher(), computeLimit: Number.NaN }],
    ['a proposal key that is a list', { ...voucher(), proposalKey: [] }],
    ['a key index that is a text', { ...voucher(), proposalKey: { ...proposalKey, keyId: '3' } }],
    [
      'a sequence number of null',
      { ...voucher(), proposalKey: { ...proposalKey, sequenceNum: null } },
    ],
    [
      'a sequence number that is a bigint',
      { ...voucher(), proposalKey: { ...proposalKey, sequenceNum: 1n } },
    ],
    ['a payer that is null', { ...voucher(), payer: null }],
    ['authorizers that are a text', { ...voucher(), authorizers: proposer }],
    ['a slot that is null', { ...voucher(), payloadSigs: [null] }],
    ['a slot whose key index is a text', { ...voucher(), payloadSigs: [{ ...first, keyId: '3' }] }],
    ['a signature that is a number', { ...voucher(), payloadSigs: [{ ...first, sig: 7 }] }],
  ])('refuses a voucher that is, or has, %s', (_, given) => {
    expect(() => checkSignable({ message: payload, voucher: given }, proposer, 3)).toThrow(
      withCode('MALFORMED_TRANSACTION'),
    )
  })

  it.each([
    ['a block with 0x', 'MALFORMED_HEX', { refBlock: `0x${'ab'.repeat(31)}` }],
    ['a signature with 0x', 'MALFORMED_HEX', { payloadSigs: [{ ...first, sig: '0x01' }] }],
    ['an odd signature', 'MALFORMED_HEX', { payloadSigs: [{ ...first, sig: '010' }] }],
    ['a short payer', 'INVALID_ADDRESS', { payer: '0x1' }],
    ['an authorizer that is none', 'INVALID_ADDRESS', { authorizers: ['me'] }],
  ])('refuses a voucher with %s (%s)', (_, code, change) => {
    const signable = { message: payload, voucher: { ...voucher(), ...change } }
    expect(() => checkSignable(signable, proposer, 3)).toThrow(withCode(code))
  })

  it.each([null, undefined, 7, 'signable'])('refuses a signable that is %s', (signable) => {
    // As FCL would call it, past the types.
    expect(() => checkSignable(signable as never, proposer, 3)).toThrow(
      withCode('MESSAGE_MISMATCH', { address: proposer, keyIndex: 3 }),
    )
  })

  it('refuses a payload signature of an account that does not sign', () => {
    const stranger = { address: '0x3132333435363738', keyId: 0, sig: '01'.repeat(64) }
    const signable = {
      message: envelope,
      voucher: { ...voucher(), payloadSigs: [...voucher().payloadSigs, stranger] },
    }
    expect(() => checkSignable(signable, payer, 0)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(MALFORMED_TRANSACTION|MESSAGE_MISMATCH)$/),
      }),
    )
  })
})
