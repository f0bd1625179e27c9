/** What a call brings along, read in one way or not at all. @module */

import fc from 'fast-check'
import {
  credentialsOf,
  readBearer,
  readSessionCookie,
} from '../../../../examples/admin-server/src/access/credentials.ts'
import { refusal } from './support.ts'

const refused = refusal('UNAUTHENTICATED')
const token = `fka_${'A'.repeat(43)}`
const cookie = 'A'.repeat(43)

describe('credentialsOf', () => {
  it('keeps every value of a header, whatever the case of its name', () => {
    const raw = ['Authorization', 'Bearer a', 'Host', 'x', 'authorization', 'Bearer b']
    expect(credentialsOf(raw).authorization).toEqual(['Bearer a', 'Bearer b'])
    expect(credentialsOf(['X-CSRF-Token', 'c', 'X-Csrf-Token', 'd']).csrf).toEqual(['c', 'd'])
  })

  it('has an empty list for what did not come along', () => {
    expect(Object.values(credentialsOf(['Host', 'x']))).toEqual(Array(8).fill([]))
  })

  it('reads any list of headers', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (raw) => {
        expect(Object.values(credentialsOf(raw)).every(Array.isArray)).toBe(true)
      }),
    )
  })

  it('takes no name of an object for a header', () => {
    expect(credentialsOf(['__proto__', 'x', 'constructor', 'y']).authorization).toEqual([])
  })
})

describe('readBearer', () => {
  it('reads what stands after the scheme, whose case does not count', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect(readBearer([`${scheme} ${token}`])).toBe(token)
  })

  it('reads a JWT', () => {
    expect(readBearer(['Bearer aa.bb-_.cc'])).toBe('aa.bb-_.cc')
  })

  it('finds nothing where there is no header', () => {
    expect(readBearer([])).toBeUndefined()
  })

  it.each<[string, readonly string[]]>([
    ['an empty value', ['']],
    ['a space', [' ']],
    ['the scheme alone', ['Bearer']],
    ['the scheme and a space', ['Bearer ']],
    ['the token alone', [token]],
    ['two spaces', [`Bearer  ${token}`]],
    ['a tab', [`Bearer\t${token}`]],
    ['a no-break space', [`Bearer\u00a0${token}`]],
    ['a space before', [` Bearer ${token}`]],
    ['a space after', [`Bearer ${token} `]],
    ['a line break after', [`Bearer ${token}\n`]],
    ['a second line', [`Bearer ${token}\r\nX-Role: operator`]],
    ['a NUL', [`Bearer ${token}\0`]],
    ['two headers', [`Bearer ${token}`, `Bearer ${token}`]],
    ['two headers of which one is empty', [`Bearer ${token}`, '']],
    ['two tokens in one header', [`Bearer ${token}, Bearer ${token}`]],
    ['two tokens after one scheme', [`Bearer ${token} ${token}`]],
    ['another scheme', [`Basic ${Buffer.from('a:b').toString('base64')}`]],
    ['another scheme with a token', [`Token ${token}`]],
    ['a scheme that only begins alike', [`BearerX ${token}`]],
    ['the scheme twice', [`Bearer Bearer ${token}`]],
    ['a colon after the scheme', [`Bearer: ${token}`]],
    ['quotes', [`Bearer "${token}"`]],
    ['a parameter', [`Bearer token=${token};x=1`]],
    ['percent signs', [`Bearer ${encodeURIComponent('a b')}`]],
    ['padding in the middle', ['Bearer a=b']],
    ['letters beyond ASCII', ['Bearer fkа_АААА']],
    ['a full-width scheme', [`Ｂearer ${token}`]],
    ['more than 8,192 characters', [`Bearer ${'a'.repeat(8_193)}`]],
    ['a megabyte', [`Bearer ${'a'.repeat(1_048_576)}`]],
    ['an array as text', ['Bearer [object Object]']],
    ['a comment', [`Bearer ${token} (a comment)`]],
  ])('refuses %s', (_, values) => {
    expect(() => readBearer(values)).toThrow(refused)
  })

  it('either reads or refuses, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (values) => {
        expect(() => readBearer(values)).toThrow(refused)
      }),
    )
  })
})

describe('readSessionCookie', () => {
  it.each([
    [`session=${cookie}`],
    [`theme=dark; session=${cookie}`],
    [`session=${cookie};other=1`],
    [`xsession=1; session=${cookie}; session2=2`],
  ])('reads it from %s', (value) => {
    expect(readSessionCookie([value], 'session')).toBe(cookie)
  })

  it.each<[string, readonly string[]]>([
    ['no header', []],
    ['other cookies', ['theme=dark']],
    ['a cookie whose name ends alike', [`__Host-session=${cookie}`]],
    ['a cookie whose name begins alike', [`session2=${cookie}`]],
    ['a name in another case', [`Session=${cookie}`]],
  ])('finds nothing in %s', (_, values) => {
    expect(readSessionCookie(values, 'session')).toBeUndefined()
  })

  it.each<[string, readonly string[]]>([
    ['the cookie twice', [`session=${cookie}; session=${cookie}`]],
    ['the cookie in two headers', [`session=${cookie}`, `session=${cookie}`]],
    ['two values', [`session=${cookie}; session=${'B'.repeat(42)}A`]],
    ['an empty value', ['session=']],
    ['a shorter value', [`session=${cookie.slice(1)}`]],
    ['a longer value', [`session=${cookie}A`]],
    ['a quoted value', [`session="${cookie}"`]],
    ['a value with a NUL', [`session=${'A'.repeat(42)}\0`]],
    ['a value whose last character has bits too many', [`session=${'A'.repeat(42)}B`]],
    ['a token', [`session=${token}`]],
  ])('refuses %s', (_, values) => {
    expect(() => readSessionCookie(values, 'session')).toThrow(refused)
  })

  it('takes a cookie without the prefix for no session where the prefix is asked for', () => {
    expect(readSessionCookie([`session=${cookie}`], '__Host-session')).toBeUndefined()
  })
})
