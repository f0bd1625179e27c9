/** What is read from the arguments of a transaction, and what is refused. */
import { addProposalKeys } from '../../../../examples/admin-server/src/functions/add-proposal-keys.ts'
import {
  type Reader,
  readAddress,
  readCount,
  readDictionary,
  readFixed,
  readOptional,
  readPublicKey,
  readText,
  readUInt8,
  readUInt64,
} from '../../../../examples/admin-server/src/functions/cadence-values.ts'
import { createCustodialAccount } from '../../../../examples/admin-server/src/functions/create-custodial-account.ts'
import { decoded, inputs, p256Key } from './inputs.ts'

const refusal = expect.objectContaining({ code: 'POLICY_REFUSED' })
const text = (value: unknown) => ({ type: 'String', value })
const traits = readDictionary(readText, readText)
const dictionary = (...keys: readonly string[]) => ({
  type: 'Dictionary',
  value: keys.map((key) => ({ key: text(key), value: text('') })),
})

describe('a reader', () => {
  it.each<[string, Reader<unknown>, unknown, unknown]>([
    ['an empty text', readText, text(''), ''],
    [
      'an address',
      readAddress,
      { type: 'Address', value: '0x01cf0e2f2f715450' },
      '0x01cf0e2f2f715450',
    ],
    [
      'the largest UInt64',
      readUInt64,
      { type: 'UInt64', value: '18446744073709551615' },
      '18446744073709551615',
    ],
    ['the largest UInt8', readUInt8, { type: 'UInt8', value: '255' }, 255],
    ['a count', readCount, { type: 'Int', value: '0' }, 0],
    ['a share', readFixed, { type: 'UFix64', value: '0.05' }, '0.05'],
    ['nothing', readOptional(readText), { type: 'Optional', value: null }, undefined],
    ['something', readOptional(readText), { type: 'Optional', value: text('a') }, 'a'],
    ['an empty dictionary', traits, dictionary(), []],
    [
      'a dictionary',
      traits,
      dictionary('b', 'a'),
      [
        ['b', ''],
        ['a', ''],
      ],
    ],
    ['a public key', readPublicKey, text(p256Key), p256Key],
  ])('takes %s', (_, read, value, expected) => {
    expect(read(value)).toEqual(expected)
  })

  it.each<[string, Reader<unknown>, unknown]>([
    ['a number for a text', readText, text(7)],
    ['a character for a text', readText, { type: 'Character', value: 'a' }],
    ['an address in upper case', readAddress, { type: 'Address', value: '0x01CF0E2F2F715450' }],
    ['a short address', readAddress, { type: 'Address', value: '0x1' }],
    ['a line after an address', readAddress, { type: 'Address', value: '0x01cf0e2f2f715450\n' }],
    ['2^64', readUInt64, { type: 'UInt64', value: '18446744073709551616' }],
    ['a zero in front', readUInt64, { type: 'UInt64', value: '01' }],
    ['a JSON number', readUInt64, { type: 'UInt64', value: 1 }],
    ['a UInt32 for a UInt64', readUInt64, { type: 'UInt32', value: '1' }],
    ['256', readUInt8, { type: 'UInt8', value: '256' }],
    ['a negative count', readCount, { type: 'Int', value: '-1' }],
    ['a count past 2^53', readCount, { type: 'Int', value: '9007199254740993' }],
    ['nine decimals', readFixed, { type: 'UFix64', value: '0.000000001' }],
    ['no decimals', readFixed, { type: 'UFix64', value: '1' }],
    ['an exponent', readFixed, { type: 'UFix64', value: '1e-2' }],
    ['an optional without a value', readOptional(readText), { type: 'Optional' }],
    [
      'an optional in an optional',
      readOptional(readText),
      { type: 'Optional', value: { type: 'Optional', value: null } },
    ],
    ['a key that comes twice', traits, dictionary('a', 'b', 'a')],
    ['a key that Cadence takes for another', traits, dictionary('\u00e9', 'e\u0301')],
    [
      'an entry with a further field',
      traits,
      { type: 'Dictionary', value: [{ key: text('a'), value: text(''), note: '' }] },
    ],
    ['an object for a dictionary', traits, { type: 'Dictionary', value: { a: '' } }],
    ['a field __proto__', readText, JSON.parse('{"type":"String","value":"a","__proto__":{}}')],
    ['fields that are inherited', readText, Object.create(text('a'))],
    ['a list', readText, [text('a')]],
    ['null', readText, null],
    ['nothing at all', readText, undefined],
    ['a short public key', readPublicKey, text(p256Key.slice(2))],
    ['a public key in upper case', readPublicKey, text(p256Key.toUpperCase())],
  ])('refuses %s', (_, read, value) => {
    expect(() => read(value)).toThrow(refusal)
  })
})

describe('a key in a transaction', () => {
  const changed = (template: typeof addProposalKeys, index: number, value: object) =>
    decoded(template.toArguments(inputs[template.name], 'rq_1-0')).map((one, at) =>
      at === index ? { ...one, ...value } : one,
    )
  it.each([
    ['create-custodial-account', createCustodialAccount, 0, { value: 'ab' }],
    ['create-custodial-account', createCustodialAccount, 1, { value: '3' }],
    ['create-custodial-account', createCustodialAccount, 2, { value: '2' }],
    ['add-proposal-keys', addProposalKeys, 1, { value: 'ab' }],
  ] as const)('is refused when it is none (%s)', (_, template, index, value) => {
    const values = changed(template, index, value)
    expect(() => template.inspect(values)).toThrow(refusal)
    expect(() => template.describe(values)).toThrow(refusal)
  })

  it('is shown in full, with its algorithms by name', () => {
    const values = decoded(
      createCustodialAccount.toArguments(inputs['create-custodial-account'], 'rq_1-0'),
    )
    expect(createCustodialAccount.describe(values).lines).toEqual([
      { label: 'Public key', value: p256Key },
      { label: 'Signature algorithm', value: 'ECDSA_P256' },
      { label: 'Hash algorithm', value: 'SHA3_256' },
      { label: 'Weight', value: '1000' },
    ])
    const copies = decoded(addProposalKeys.toArguments(inputs['add-proposal-keys'], 'rq_1-0'))
    expect(addProposalKeys.describe(copies)).toEqual({
      title: 'Add 25 proposal keys: copies of key 0 at weight 0',
      lines: [
        { label: 'Key index', value: '0' },
        { label: 'Public key', value: p256Key },
        { label: 'Count', value: '25' },
        { label: 'Weight of each', value: '0' },
      ],
    })
  })
})
