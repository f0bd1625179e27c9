import { encodeDomainTag, hasDomainTag, withDomainTag } from '../../../src/crypto/domain-tags.ts'
import { bytesOf, hexOf } from './independent.ts'

// From flow-go model/flow/constants.go and FCL's encode-account-proof.ts, in hexadecimal by hand.
const expected = [
  ['transaction', '464c4f572d56302e302d7472616e73616374696f6e0000000000000000000000'],
  ['user', '464c4f572d56302e302d75736572000000000000000000000000000000000000'],
  ['accountProof', '46434c2d4143434f554e542d50524f4f462d56302e3000000000000000000000'],
] as const

describe('domain tags', () => {
  it.each(expected)('%s is 32 bytes in front of the content', (domain, tag) => {
    expect(hexOf(withDomainTag(domain, bytesOf('c0ffee')))).toBe(`${tag}c0ffee`)
  })

  it.each(expected)('%s is recognised, and one flipped bit is not', (domain, tag) => {
    const message = bytesOf(`${tag}00`)
    expect(hasDomainTag(domain, message)).toBe(true)
    for (let at = 0; at < 32; at++) {
      const flipped = message.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(hasDomainTag(domain, flipped)).toBe(false)
    }
  })

  it('recognises none in a message under 32 bytes', () => {
    expect(hasDomainTag('user', bytesOf(expected[1][1]).slice(0, 31))).toBe(false)
  })

  it('keeps the domains apart', () => {
    const [transaction, user, proof] = expected.map(([domain]) =>
      hexOf(withDomainTag(domain, new Uint8Array())),
    )
    expect(new Set([transaction, user, proof]).size).toBe(3)
  })

  it.each([
    ['32 bytes', 'a'.repeat(32)],
    ['32 bytes of UTF-8', 'é'.repeat(16)],
    ['1 byte', 'a'],
  ])('encodes a tag of %s', (_, tag) => {
    expect(encodeDomainTag(tag)).toHaveLength(32)
  })

  it.each([
    ['33 bytes (E7)', 'a'.repeat(33)],
    ['17 characters of 34 bytes', 'é'.repeat(17)],
    ['0 bytes', ''],
  ])('refuses a tag of %s', (_, tag) => {
    expect(() => encodeDomainTag(tag)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option: 'domainTag' }),
      }),
    )
  })

  it('gives out copies: changing a message does not change the tag', () => {
    withDomainTag('user', new Uint8Array()).fill(0)
    expect(hexOf(withDomainTag('user', new Uint8Array()))).toBe(expected[1][1])
  })
})
