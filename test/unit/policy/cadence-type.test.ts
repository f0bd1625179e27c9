import { cadenceTypeText, parseCadenceType } from '../../../src/policy/cadence-type.ts'

const refusal = expect.objectContaining({
  code: 'INVALID_OPTION',
  context: expect.objectContaining({ option: 'type' }),
})
const widths = [8, 16, 32, 64, 128, 256]
const simple = [
  ...['String', 'Character', 'Bool', 'Address', 'Int', 'UInt'],
  ...['Fix64', 'UFix64', 'Fix128', 'UFix128'],
  ...widths.flatMap((bits) => [`Int${bits}`, `UInt${bits}`, `Word${bits}`]),
  ...['Path', 'StoragePath', 'CapabilityPath', 'PublicPath', 'PrivatePath'],
]

describe('parseCadenceType', () => {
  it.each([
    ...simple,
    ...['String?', 'UInt8??', '[Address]', '[UFix64; 3]', '[String?]', '[String]?', '[[UInt8]]'],
    ...['{String: String}', '{Address: UFix64}', '[{Address: UFix64}]', '{UInt64: [Bool?; 0]?}'],
  ])('reads %s, and writes it again', (text) => {
    expect(cadenceTypeText(parseCadenceType(text))).toBe(text)
  })

  it.each([
    ['{String:String}', '{String: String}'],
    ['  [ UInt8 ;16 ] ? ', '[UInt8; 16]?'],
    ['{\n\tString :UInt8\n}', '{String: UInt8}'],
  ])('takes spaces as they come: %j', (text, canonical) => {
    expect(cadenceTypeText(parseCadenceType(text))).toBe(canonical)
  })

  it('tells the parts', () => {
    expect(parseCadenceType('{String: [UFix64?; 2]}')).toEqual({
      kind: 'dictionary',
      key: { kind: 'simple', name: 'String' },
      value: {
        kind: 'array',
        size: 2,
        item: { kind: 'optional', inner: { kind: 'simple', name: 'UFix64' } },
      },
    })
  })

  it.each([
    ...['', ' ', '?', '??', '[', ']', '[]', '[String', 'String]', '{', '{}', '{String}'],
    ...['{String: }', '{: String}', '{String: String', '{String; String}', '[String: 3]'],
    ...['[String; -1]', '[String; 03]', '[String; 1e3]', '[String; 1000000]', '[String; ]'],
    ...['string', 'STRING', 'Uint64', 'UInt65', 'UInt512', 'UInt08', 'Int7', 'Word', 'Fix', 'UFix'],
    ...['Fix32', 'AnyStruct', 'Any', 'Never', 'Void', 'Type', 'Capability', 'Capability<&Account>'],
    ...['&Account', 'auth(Storage) &Account', '@NFT', 'A.01cf0e2f2f715450.DropNFT.NFT', 'MyStruct'],
    ...[
      'InclusiveRange<UInt8>',
      'fun(Int): Int',
      '(String)',
      'String String',
      'String,',
      '?String',
    ],
    ...['{[String]: String}', '{String?: String}', '{{String: String}: String}', 'Str\u0131ng'],
    ...['__proto__', 'constructor', 'toString', 'String\u0000', '\ud800'],
  ])('refuses %j', (text) => {
    expect(() => parseCadenceType(text)).toThrow(refusal)
  })

  it.each([
    [
      '16 levels',
      `${'['.repeat(15)}Bool${']'.repeat(15)}`,
      `${'['.repeat(16)}Bool${']'.repeat(16)}`,
    ],
    ['16 levels of optionals', `Bool${'?'.repeat(15)}`, `Bool${'?'.repeat(16)}`],
    ['16 levels in all', `[Bool${'?'.repeat(14)}]`, `[Bool${'?'.repeat(14)}]?`],
    ['500 characters', `${' '.repeat(496)}Bool`, `${' '.repeat(497)}Bool`],
  ])('reads %s and not one more', (_, most, more) => {
    expect(parseCadenceType(most)).toBeDefined()
    expect(() => parseCadenceType(more)).toThrow(refusal)
  })

  it.each([undefined, null, 7, {}, ['String']])('refuses %j, which is no text', (value) => {
    // The caller is JavaScript.
    expect(() => parseCadenceType(value as unknown as string)).toThrow(refusal)
  })
})
