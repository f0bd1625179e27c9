/** What the functions take, and what they refuse. */
import { functionTemplates } from '../../../../examples/admin-server/src/functions/index.ts'
import { address, inputs, p256Key, refusedBy } from './inputs.ts'

const templateOf = (name: string) => {
  const template = functionTemplates.find((one) => one.name === name)
  if (template === undefined) throw new Error(`there is no ${name}`)
  return template
}
const names = functionTemplates.map(({ name }) => name)
const by = (name: string, change: object) =>
  refusedBy(templateOf(name), { ...inputs[name], ...change })
const mintTraits = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`trait ${index}`, '']))
const royalties = (count: number, cut: string) =>
  Array.from({ length: count }, (_, index) => ({ receiver: `0x000000000000000${index}`, cut }))

describe('every function', () => {
  it('is named by its file and once', () => {
    expect(names).toEqual(['mint', 'transfer', 'create-custodial-account', 'add-proposal-keys'])
    expect(Object.keys(inputs)).toEqual(names)
  })

  it.each(names)('takes a right input (%s)', (name) => {
    expect(by(name, {})).toBeUndefined()
  })

  it.each(names)('refuses an unknown field (%s)', (name) => {
    expect(by(name, { note: '' })).toBe('schema')
  })

  it.each(names.flatMap((name) => [null, [], 'x', 7, {}].map((input) => ({ name, input }))))(
    'refuses $input ($name)',
    ({ name, input }) => {
      expect(refusedBy(templateOf(name), input)).toBe('schema')
    },
  )

  it.each(names)('has patterns that are patterns under the flag u too (%s)', (name) => {
    const text = JSON.stringify(templateOf(name).input)
    const patterns = [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)]
    for (const [, pattern = ''] of patterns)
      expect(new RegExp(JSON.parse(pattern), 'u')).toBeDefined()
    expect(patterns.length).toBeGreaterThan(0)
  })

  it.each(names)('bounds how much is asked for at once (%s)', (name) => {
    const { maxItems } = templateOf(name)
    expect(maxItems).toBeGreaterThanOrEqual(1)
    expect(maxItems).toBeLessThanOrEqual(1_000)
  })
})

describe('mint', () => {
  it.each<[string, object]>([
    ['a name of 256 bytes', { name: 'é'.repeat(128) }],
    ['an empty description', { description: '' }],
    ['a description of 4,096 bytes', { description: '€'.repeat(1_365) }],
    ['line breaks and tabs in a description', { description: 'a\n\tb' }],
    ['an emoji of several code points', { name: '👩‍🚀' }],
    ['no external URL', { externalUrl: undefined }],
    ['a thumbnail of 2,048 bytes', { thumbnail: `https://a.example/${'x'.repeat(2_030)}` }],
    ['an edition of a number only', { edition: { number: 1 } }],
    ['the last of an edition', { edition: { number: 9, max: 9 } }],
    ['64 traits', { traits: mintTraits(64) }],
    ['a trait named __proto__', JSON.parse('{"traits":{"__proto__":"x"}}')],
    ['no traits', { traits: {} }],
    ['10 royalties of 0.1', { royalties: royalties(10, '0.1') }],
    ['a royalty of everything', { royalties: royalties(1, '1.0') }],
  ])('takes %s', (_, change) => {
    expect(by('mint', change)).toBeUndefined()
  })

  it.each<[string, object, string]>([
    ['an address without 0x', { recipient: '01cf0e2f2f715450' }, 'schema'],
    ['an address in upper case', { recipient: '0x01CF0E2F2F715450' }, 'schema'],
    ['a short address', { recipient: '0x1' }, 'schema'],
    ['a line after an address', { recipient: `${address}\n` }, 'schema'],
    ['an address with a look-alike', { recipient: '0x01сf0e2f2f715450' }, 'schema'],
    ['no name', { name: undefined }, 'schema'],
    ['an empty name', { name: '' }, 'schema'],
    ['a name of 257 characters', { name: 'a'.repeat(257) }, 'schema'],
    ['a name of 258 bytes', { name: 'é'.repeat(129) }, '/name'],
    ['a line break in a name', { name: 'a\nb' }, '/name'],
    ['U+0000 in a name', { name: 'a\u0000' }, '/name'],
    ['U+0000 in a description', { description: '\u0000' }, '/description'],
    ['an escape character in a description', { description: '\u001b[2J' }, '/description'],
    ['half of a surrogate pair', { name: 'a\ud800' }, '/name'],
    ['a description of 4,098 bytes', { description: '€'.repeat(1_366) }, '/description'],
    ['no description', { description: undefined }, 'schema'],
    ['an empty thumbnail', { thumbnail: '' }, 'schema'],
    [
      'a thumbnail of 2,049 bytes',
      { thumbnail: `https://a.example/${'x'.repeat(2_031)}` },
      'schema',
    ],
    ['javascript:', { thumbnail: 'javascript:alert(1)' }, 'schema'],
    ['javascript: in upper case', { thumbnail: 'JavaScript:alert(1)' }, 'schema'],
    ['data:', { thumbnail: 'data:image/svg+xml,%3Csvg%3E' }, 'schema'],
    ['http:', { externalUrl: 'http://example.org/' }, 'schema'],
    ['a quotation mark in a URL', { externalUrl: 'https://a.example/"onload=' }, 'schema'],
    ['a look-alike in a host', { externalUrl: 'https://ехample.org/' }, 'schema'],
    ['a space in a URL', { externalUrl: 'https://a.example/ b' }, 'schema'],
    ['a user name in a URL', { externalUrl: 'https://bank.example@a.example/' }, '/externalUrl'],
    ['a password in a URL', { thumbnail: 'https://a:b@a.example/' }, '/thumbnail'],
    ['a password without a name', { thumbnail: 'https://:b@a.example/' }, '/thumbnail'],
    ['a URL without a host', { externalUrl: 'https://?' }, '/externalUrl'],
    ['ipfs: without a CID', { thumbnail: 'ipfs:///7.png' }, '/thumbnail'],
    ['an edition without a number', { edition: { max: 3 } }, 'schema'],
    ['edition number 0', { edition: { number: 0 } }, 'schema'],
    ['half an edition number', { edition: { number: 1.5 } }, 'schema'],
    ['an edition number past 2^53', { edition: { number: 2 ** 53 } }, 'schema'],
    ['an edition number as text', { edition: { number: '1' } }, 'schema'],
    ['an edition number past its maximum', { edition: { number: 4, max: 3 } }, '/edition/number'],
    [
      'an edition name of 258 bytes',
      { edition: { name: 'é'.repeat(129), number: 1 } },
      '/edition/name',
    ],
    ['an unknown field in an edition', { edition: { number: 1, of: 2 } }, 'schema'],
    ['65 traits', { traits: mintTraits(65) }, 'schema'],
    ['an empty name of a trait', { traits: { '': 'x' } }, 'schema'],
    ['a name of a trait of 66 bytes', { traits: { ['é'.repeat(33)]: 'x' } }, '/traits'],
    ['a trait of 514 bytes', { traits: { a: 'é'.repeat(257) } }, '/traits'],
    ['a trait that is a number', { traits: { level: 7 } }, 'schema'],
    ['traits as a list', { traits: ['a'] }, 'schema'],
    [
      'two traits that Cadence takes for one',
      { traits: { '\u00e9': '1', 'e\u0301': '2' } },
      '/traits',
    ],
    ['11 royalties', { royalties: royalties(10, '0').concat(royalties(1, '0')) }, 'schema'],
    ['royalties of more than 1', { royalties: royalties(2, '0.50000001') }, '/royalties'],
    ['a cut above 1', { royalties: royalties(1, '1.00000001') }, 'schema'],
    ['a cut of nine decimals', { royalties: royalties(1, '0.000000001') }, 'schema'],
    ['a negative cut', { royalties: royalties(1, '-0.1') }, 'schema'],
    ['a cut as a number', { royalties: [{ receiver: address, cut: 0.1 }] }, 'schema'],
    [
      'two royalties to one receiver',
      { royalties: [...royalties(1, '0.1'), ...royalties(1, '0.1')] },
      '/royalties',
    ],
  ])('refuses %s', (_, change, who) => {
    expect(by('mint', change)).toBe(who)
  })

  it('tells no value of what it refuses', () => {
    const mint = templateOf('mint')
    const input = { ...inputs['mint'], name: 'secret\u0000' }
    expect(() => mint.toArguments(input, 'rq_1-0')).toThrow(
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        facts: { errors: [{ field: '/name', detail: 'it holds a control character' }] },
      }),
    )
  })
})

describe('transfer', () => {
  it('takes the largest id', () => {
    expect(by('transfer', { nftId: String(2n ** 64n - 1n) })).toBeUndefined()
  })

  it.each<[string, object, string]>([
    ['an id as a number', { nftId: 7 }, 'schema'],
    ['an id with a zero in front', { nftId: '07' }, 'schema'],
    ['a negative id', { nftId: '-1' }, 'schema'],
    ['2^64', { nftId: String(2n ** 64n) }, '/nftId'],
    ['an id of 21 digits', { nftId: '1'.repeat(21) }, 'schema'],
    ['hexadecimal digits', { nftId: '0x1f' }, 'schema'],
    ['no recipient', { recipient: undefined }, 'schema'],
  ])('refuses %s', (_, change, who) => {
    expect(by('transfer', change)).toBe(who)
  })
})

describe('create-custodial-account', () => {
  it.each<[string, object, string]>([
    ['a public key with 04 in front', { publicKey: `04${p256Key}` }, 'schema'],
    ['a public key with 0x in front', { publicKey: `0x${p256Key.slice(2)}` }, 'schema'],
    ['a public key in upper case', { publicKey: p256Key.toUpperCase() }, 'schema'],
    ['what is no point of the curve', { publicKey: '1'.repeat(128) }, '/publicKey'],
    ['a key of the other curve', { signatureAlgorithm: 'ECDSA_secp256k1' }, '/publicKey'],
    ['BLS', { signatureAlgorithm: 'BLS_BLS12_381' }, 'schema'],
    ['an algorithm by number', { signatureAlgorithm: 1 }, 'schema'],
    ['another hash', { hashAlgorithm: 'SHA2_384' }, 'schema'],
    ['no hash', { hashAlgorithm: undefined }, 'schema'],
    ['a weight', { weight: 500 }, 'schema'],
  ])('refuses %s', (_, change, who) => {
    expect(by('create-custodial-account', change)).toBe(who)
  })
})

describe('add-proposal-keys', () => {
  it.each<[string, object, string]>([
    ['none', { count: 0 }, 'schema'],
    ['201', { count: 201 }, 'schema'],
    ['one and a half', { count: 1.5 }, 'schema'],
    ['a count as text', { count: '5' }, 'schema'],
    ['a negative index', { keyIndex: -1 }, 'schema'],
    ['an index past 32 bits', { keyIndex: 2 ** 32 }, 'schema'],
    ['a short public key', { publicKey: p256Key.slice(2) }, 'schema'],
    ['a weight', { weight: 1000 }, 'schema'],
  ])('refuses %s', (_, change, who) => {
    expect(by('add-proposal-keys', change)).toBe(who)
  })
})
