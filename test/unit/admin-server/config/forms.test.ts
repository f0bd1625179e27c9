import fc from 'fast-check'
import { parseConfigText } from '../../../../examples/admin-server/src/config/file.ts'
import {
  anchored,
  cidrPrefix,
  isAddressPattern,
  isHost,
  isKmsKeyId,
  isLoopbackHost,
} from '../../../../examples/admin-server/src/config/forms.ts'
import { parseKmsKeyId } from '../../../../src/kms-key-id.ts'
import { idsAndPaths } from './support.ts'

const uuid = '2f6b1c9e-0d7a-4a53-9a51-0c2d3e4f5a6b'
const mrk = 'mrk-1234abcd12ab34cd56ef1234567890ab'
const arn = 'arn:aws:kms:eu-west-1:111122223333:'

describe('isKmsKeyId', () => {
  const library = (keyId: string) => {
    try {
      return parseKmsKeyId(keyId).keyId === keyId
    } catch {
      return false
    }
  }

  it.each([uuid, mrk, 'alias/a', `alias/${'a'.repeat(250)}`, `${arn}key/${uuid}`])(
    'takes %s, as the library does',
    (keyId) => expect([isKmsKeyId(keyId), library(keyId)]).toEqual([true, true]),
  )

  it.each([
    `${arn}alias/a/b_c`,
    `${arn}key/${mrk}`,
    `arn:aws-cn:kms:cn-north-1:111122223333:key/${uuid}`,
  ])('takes %s, as the library does', (keyId) =>
    expect([isKmsKeyId(keyId), library(keyId)]).toEqual([true, true]),
  )

  it.each([
    '',
    'alias/',
    'alias/a b',
    `alias/${'a'.repeat(251)}`,
    uuid.toUpperCase(),
    `key/${uuid}`,
    `${arn}${uuid}`,
    `${arn}key/alias/a`,
    `arn:aws:kms:eu-west-1:1:key/${uuid}`,
    `${uuid}\n`,
    ` ${uuid}`,
  ])('refuses %j, as the library does', (keyId) =>
    expect([isKmsKeyId(keyId), library(keyId)]).toEqual([false, false]),
  )
})

describe('isAddressPattern', () => {
  it.each([
    '0x.{16}',
    '0x[0-9a-f]{16}',
    '0x(1d|2e)[^0]{14}',
    '0x(?:aa|bb|cc).{14}',
    '0x179b6b1cb6755e31',
  ])('takes %s', (pattern) => expect(isAddressPattern(pattern)).toBe(true))

  it('refuses more than 200 characters', () => {
    expect(isAddressPattern('a'.repeat(200))).toBe(true)
    expect(isAddressPattern('a'.repeat(201))).toBe(false)
  })

  it('takes only what compiles once it is anchored', () => {
    const parts = fc.constantFrom(
      '0',
      'x',
      '.',
      '|',
      '(',
      ')',
      '(?:',
      '[',
      ']',
      '-',
      '{',
      '}',
      '9',
      '^',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (some) => {
        const pattern = some.join('')
        if (isAddressPattern(pattern)) new RegExp(anchored(pattern)).test('0x179b6b1cb6755e31')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('isLoopbackHost', () => {
  it.each(['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])(
    'takes %s',
    (host) => expect(isLoopbackHost(host)).toBe(true),
  )
  it.each([
    '',
    '0.0.0.0',
    '::',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '128.0.0.1',
    '127.x',
  ])('refuses %j', (host) => expect(isLoopbackHost(host)).toBe(false))
})

describe('isHost', () => {
  it.each(['127.0.0.1', '::', 'localhost', 'a-b.example.com'])('takes %s', (host) =>
    expect(isHost(host)).toBe(true),
  )
  it.each(['', 'a b', '-a', 'a..b', '1.2.3.4.5', 'http://a', '[::1]', 'a:80', 'a/b'])(
    'refuses %j',
    (host) => expect(isHost(host)).toBe(false),
  )
})

describe('cidrPrefix', () => {
  it.each([
    ['0.0.0.0/0', 0],
    ['10.0.0.0/8', 8],
    ['10.1.2.3/32', 32],
    ['::/0', 0],
    ['2001:db8::/32', 32],
    ['2001:db8:0:0:1::/80', 80],
    ['::1/128', 128],
    ['::ffff:10.0.0.0/104', 104],
  ])('reads %s', (range, prefix) => expect(cidrPrefix(range)).toBe(prefix))

  it.each([
    '10.0.0.0',
    '10.0.0.1/31',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '1.2.3/8',
    '::1/127',
    'fe80::1%eth0/128',
    '2001:db8::1/64',
    '',
  ])('refuses %j', (range) => expect(cidrPrefix(range)).toBeUndefined())
})

describe('parseConfigText', () => {
  it('reads whatever JSON.stringify writes, and finds no name twice in it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value)
        const { value: read, mistakes } = parseConfigText(text)
        expect(JSON.stringify(read)).toBe(text)
        expect(mistakes.filter(({ id }) => id === 'FIELD_TWICE')).toEqual([])
      }),
    )
  })

  it('finds each name that stands twice in one object, and none that stands in two', () => {
    const text = '{"a":[{"b":1,"b":"}"},{"b":[1,{"c":",\\"a\\":"}]}],"d":{"a":1},"a":2}'
    expect(idsAndPaths(parseConfigText(text).mistakes)).toEqual([
      'FIELD_TWICE a[0].b',
      'FIELD_TWICE a',
    ])
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseConfigText(text)
      }),
    )
  })
})
