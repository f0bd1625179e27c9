/** Values that are refused, each with a twin of its type that is not. @module */

/** One row: a value that differs from its twin in the one thing that its id names. */
export type RefusedValue = {
  readonly id: string
  readonly type: string
  readonly good: unknown
  readonly bad: unknown
}

/** Of the emulator. */
export const address = '0x01cf0e2f2f715450'

/** Values of one simple type, as the texts in them. */
function texts(
  type: string,
  good: unknown,
  bad: Readonly<Record<string, unknown>>,
): RefusedValue[] {
  return Object.entries(bad).map(([id, value]) => ({
    id: `${type}: ${id}`,
    type,
    good: { type, value: good },
    bad: { type, value },
  }))
}

const one = { type: 'UInt8', value: '1' }
const text = (value: unknown) => ({ type: 'String', value })
const optional = (value: unknown) => ({ type: 'Optional', value })
const array = (...value: readonly unknown[]) => ({ type: 'Array', value })
const path = (domain: unknown, identifier: unknown) => ({
  type: 'Path',
  value: { domain, identifier },
})
const entry = (key: unknown, value: unknown = one) => ({ key, value })
const dictionary = (...value: readonly unknown[]) => ({ type: 'Dictionary', value })
const row = (type: string, good: unknown, bad: Readonly<Record<string, unknown>>): RefusedValue[] =>
  Object.entries(bad).map(([id, value]) => ({ id: `${type}: ${id}`, type, good, bad: value }))

const hidden = Object.defineProperty({ type: 'UInt8', value: '1' }, 'more', { value: 1 })
const symbolic = { type: 'UInt8', value: '1', [Symbol('more')]: 1 }

/** At least 80. */
export const refusedValues: readonly RefusedValue[] = [
  ...texts('Address', address, {
    'no 0x': '01cf0e2f2f715450',
    '0X': '0X01cf0e2f2f715450',
    'upper case': '0x01CF0E2F2F715450',
    '15 digits': '0x1cf0e2f2f715450',
    '14 digits, which a node fills up with zeros': '0xcf0e2f2f715450',
    '18 digits, of which a node cuts two': '0x0001cf0e2f2f715450',
    empty: '',
    '0x alone': '0x',
    'one digit wrong': '0x01cf0e2f2f715451',
    'two digits exchanged': '0x01cf0e2f2f715405',
    'of testnet': '0x9a0766d93b6608b7',
    'of mainnet': '0x1654653399040a61',
    'of nobody': '0x0000000000000000',
    'index 0 of the chain': '0x1cb159857af02018',
    'of Ethereum': '0x52908400098527886e0f7030069857d2e4169ee7',
    'a line feed after it': `${address}\n`,
    'a digit that looks like one': '0x01cf0e2f2f71545\uff10',
    'a number': 0x01cf0e2f,
    'a script instead': `${address}); destroy signer; (`,
    null: null,
  }),
  ...texts('UFix64', '184467440737.09551615', {
    'nine decimals': '1.000000000',
    'no decimals': '1.',
    'no point': '1',
    'two points': '1.0.0',
    overflow: '184467440737.09551616',
    'overflow of the whole part': '184467440738.0',
    'an exponent': '1.0e3',
    negative: '-1.0',
    'minus zero': '-0.0',
    'a plus': '+1.0',
    'a leading zero': '01.0',
    'no whole part': '.5',
    'a comma': '1,0',
    'a space': '1.0 ',
    underscores: '1_0.0',
    'a number': 1.5,
    NaN: 'NaN',
    Infinity: 'Infinity',
  }),
  ...texts('Fix64', '-92233720368.54775808', {
    'overflow below': '-92233720368.54775809',
    'overflow above': '92233720368.54775808',
    'minus zero': '-0.00000000',
    'a sign behind the point': '1.-5',
  }),
  ...texts('UFix128', '340282366920938.463463374607431768211455', {
    'twenty-five decimals': '1.0000000000000000000000000',
    'no decimals': '1.',
    'no point': '1',
    overflow: '340282366920938.463463374607431768211456',
    'overflow of the whole part': '340282366920939.0',
    negative: '-1.0',
    'minus zero': '-0.0',
    'a plus': '+1.0',
    'a leading zero': '01.0',
    'no whole part': '.5',
    'an exponent': '1.0e3',
    'a number': 1.5,
  }),
  ...texts('Fix128', '-170141183460469.231731687303715884105728', {
    'overflow below': '-170141183460469.231731687303715884105729',
    'overflow above': '170141183460469.231731687303715884105728',
    'minus zero': '-0.000000000000000000000000',
    'twenty-five decimals': '-1.0000000000000000000000000',
  }),
  ...texts('UInt64', '18446744073709551615', {
    '2^64': '18446744073709551616',
    negative: '-1',
    'minus zero': '-0',
    'an exponent': '1e3',
    hexadecimal: '0x10',
    'a leading zero': '007',
    'a plus': '+7',
    'a point': '7.0',
    'a space before it': ' 7',
    'a line feed after it': '7\n',
    empty: '',
    'other digits': '\u0667',
    'a number': 7,
    'a number that is minus zero': -0,
    'the number NaN': Number.NaN,
    'a bigint': 7n,
    'a megabyte of digits': '9'.repeat(1_000_000),
  }),
  ...texts('Int8', '-128', { '-129': '-129', '128': '128', 'a double minus': '--1' }),
  ...texts('UInt8', '255', { '256': '256' }),
  ...texts('Word16', '65535', { '65536': '65536', negative: '-1' }),
  ...texts('Int128', `-${2n ** 127n}`, { 'one less': `-${2n ** 127n + 1n}` }),
  ...texts('Int256', `${2n ** 255n - 1n}`, { 'one more': `${2n ** 255n}` }),
  ...texts('UInt256', `${2n ** 256n - 1n}`, { 'one more': `${2n ** 256n}` }),
  ...texts('Word256', `${2n ** 256n - 1n}`, { 'one more': `${2n ** 256n}` }),
  ...texts('UInt', '9'.repeat(200), { negative: '-1', '201 digits': '9'.repeat(201) }),
  ...texts('Int', '-1', { 'minus zero': '-0', '-01': '-01' }),
  ...texts('Bool', true, { 'a text': 'true', 'a number': 1, null: null }),
  ...texts('String', 'plain', {
    'a high surrogate alone': 'a\ud800',
    'a low surrogate alone': '\udc00a',
    'surrogates in the wrong order': '\udc00\ud800',
    'a number': 7,
    null: null,
    'an array': ['plain'],
    'an object that has a text': { toString: 'plain' },
    'a megabyte and a half': 'x'.repeat(1_500_000),
  }),
  ...texts('Character', 'e\u0301', {
    empty: '',
    'two characters': 'ab',
    'half a surrogate pair': '\ud83d',
    'one without an end': `e${'\u0301'.repeat(100)}`,
  }),
  ...row('String', text(address), {
    'an Address instead': { type: 'Address', value: address },
    'a Character instead': { type: 'Character', value: 'a' },
    'an optional instead': optional(text('a')),
    'a type in lower case': { type: 'string', value: 'a' },
    'a type with a space': { type: 'String ', value: 'a' },
    'no type': { value: 'a' },
    'no value': { type: 'String' },
    'an id beside it': { type: 'String', value: 'a', id: '1' },
    'the keys in upper case': { Type: 'String', Value: 'a' },
    'an own key __proto__': JSON.parse('{"type":"String","value":"a","__proto__":{}}'),
    '__proto__ in place of value': JSON.parse('{"type":"String","__proto__":{"value":"a"}}'),
    'what it needs in the prototype': Object.create({ type: 'String', value: 'a' }),
    'one of its keys in the prototype': Object.assign(Object.create({ type: 'String' }), {
      value: 'a',
      id: 1,
    }),
    'an array of two': ['String', 'a'],
    'the text alone': 'a',
    nothing: undefined,
    'null alone': null,
  }),
  ...row('Address', { type: 'Address', value: address }, { 'a String instead': text(address) }),
  ...row('UInt8', one, {
    'a hidden key beside it': hidden,
    'a symbol beside it': symbolic,
    'a UInt16 instead': { type: 'UInt16', value: '1' },
    'a Word8 instead': { type: 'Word8', value: '1' },
    'an Int8 instead': { type: 'Int8', value: '1' },
    'a function': () => one,
  }),
  ...row(
    'UFix64',
    { type: 'UFix64', value: '1.0' },
    {
      'a Fix64 instead': { type: 'Fix64', value: '1.0' },
    },
  ),
  ...row('UInt8?', optional(one), {
    'the value without optional': one,
    'one optional too many': optional(optional(one)),
    'nil in nil': optional(optional(null)),
    'null alone': null,
    'a Void': { type: 'Void' },
    'no value': { type: 'Optional' },
    'undefined in it': optional(undefined),
    'another type in it': optional(text('1')),
    'nil beside something': { type: 'Optional', value: null, some: one },
  }),
  ...row('UInt8??', optional(optional(null)), { 'one optional too few': optional(one) }),
  ...row('[UInt8]', array(one), {
    'one of another type': array(one, text('1')),
    'a bare number in it': array('1'),
    'null in it': array(null),
    'a hole in it': { type: 'Array', value: new Array(1) },
    'an object with numbers as keys': { type: 'Array', value: { 0: one, length: 1 } },
    'a list without its type': [one],
    'an array in it': array(array(one)),
    'more than may be sent': { type: 'Array', value: new Array(70_000).fill(one) },
  }),
  ...row('[UInt8; 2]', array(one, one), {
    'one less': array(one),
    'one more': array(one, one, one),
  }),
  ...row('{String: UInt8}', dictionary(entry(text('a')), entry(text('b'))), {
    'a key twice': dictionary(entry(text('a')), entry(text('a'))),
    'a key twice, composed otherwise': dictionary(entry(text('\u00e9')), entry(text('e\u0301'))),
    'a key of another type': dictionary(entry(one)),
    'a value of another type': dictionary(entry(text('a'), text('b'))),
    'no key': dictionary({ value: one }),
    'no value': dictionary({ key: text('a') }),
    'more in an entry': dictionary({ ...entry(text('a')), type: 'String' }),
    'an object for a list': { type: 'Dictionary', value: { a: one } },
    'a pair for an entry': dictionary([text('a'), one]),
  }),
  ...row(
    '{UFix64: UInt8}',
    dictionary(entry({ type: 'UFix64', value: '1.0' }), entry({ type: 'UFix64', value: '2.0' })),
    {
      'a key twice, with other decimals': dictionary(
        entry({ type: 'UFix64', value: '1.0' }),
        entry({ type: 'UFix64', value: '1.00' }),
      ),
    },
  ),
  ...row('StoragePath', path('storage', 'minter_1'), {
    'of another domain': path('public', 'minter_1'),
    'its type as a tag': { ...path('storage', 'minter_1'), type: 'StoragePath' },
    'a text': { type: 'Path', value: '/storage/minter_1' },
    'an empty name': path('storage', ''),
    'a slash in the name': path('storage', 'a/b'),
    'a dot in the name': path('storage', '../public/a'),
    'a digit in front': path('storage', '1a'),
    'a space in the name': path('storage', 'a b'),
    'a letter that looks like another': path('storage', 'm\u0456nter'),
    'a name of 256 characters': path('storage', 'a'.repeat(256)),
    'more in it': { type: 'Path', value: { domain: 'storage', identifier: 'a', more: 1 } },
    'no name': { type: 'Path', value: { domain: 'storage' } },
  }),
  ...row('PublicPath', path('public', 'a'), { 'of storage': path('storage', 'a') }),
  ...row('PrivatePath', path('private', 'a'), { 'of public': path('public', 'a') }),
  ...row('CapabilityPath', path('public', 'a'), { 'of storage': path('storage', 'a') }),
  ...row('Path', path('storage', 'a'), {
    'of no domain': path('account', 'a'),
    'a domain in upper case': path('Storage', 'a'),
    'a domain from the prototype': path('constructor', 'a'),
  }),
]
