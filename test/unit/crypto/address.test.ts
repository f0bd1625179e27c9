import { addressToBytes, normalizeAddress } from '../../../src/crypto/address.ts'

const accepted: readonly (readonly [string, string])[] = [
  ['0xf8d6e0586b0a20c7', '0xf8d6e0586b0a20c7'],
  ['f8d6e0586b0a20c7', '0xf8d6e0586b0a20c7'],
  ['F8D6E0586B0A20C7', '0xf8d6e0586b0a20c7'],
  ['0XF8D6E0586B0A20C7', '0xf8d6e0586b0a20c7'],
  ['0x0000000000000000', '0x0000000000000000'],
]
const refused: readonly (readonly [string, unknown])[] = [
  ['an empty text', ''],
  ['0x alone', '0x'],
  ['15 digits', 'f8d6e0586b0a20c'],
  ['17 digits', 'f8d6e0586b0a20c70'],
  ['a short form', '0x1'],
  ['an Ethereum address', `0x${'ab'.repeat(20)}`],
  ['0x twice', '0x0xf8d6e0586b0a20c7'],
  ['a letter after f', '0xg8d6e0586b0a20c7'],
  ['a space in front', ' f8d6e0586b0a20c7'],
  ['a line feed at the end', 'f8d6e0586b0a20c7\n'],
  ['a full-width digit', 'f8d6e0586b0a20c７'],
  ['a path', '../../f8d6e0586b0'],
  ['undefined', undefined],
  ['null', null],
  ['a number', 0xf8d6e0586b0a20],
  ['bytes', new Uint8Array(8)],
  ['an array', ['f8d6e0586b0a20c7']],
]

describe('normalizeAddress', () => {
  it.each(accepted)('reads %s as %s', (given, normal) => {
    expect(normalizeAddress(given)).toBe(normal)
  })

  it.each(refused)('refuses %s', (_, value) => {
    // As JavaScript would call it, past the types.
    const call = () => normalizeAddress(value as string)
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ADDRESS', disposition: 'fail' }))
  })

  it('does not show a private key that was passed by mistake', () => {
    const call = () => normalizeAddress('c0ffee00'.repeat(8))
    expect(call).toThrow(
      expect.objectContaining({
        context: { value: 'not shown', reason: 'it has 64 digits' },
        message: expect.not.stringContaining('c0ffee'),
      }),
    )
  })

  it('shows control characters of a short value as escapes', () => {
    const call = () => normalizeAddress('a\u001b[31m\n')
    expect(call).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ value: '"a\\u001b[31m\\n"' }) }),
    )
  })
})

describe('addressToBytes', () => {
  it('gives 8 bytes, big-endian', () => {
    expect(addressToBytes('0xf8d6e0586b0a20c7')).toEqual(
      new Uint8Array([0xf8, 0xd6, 0xe0, 0x58, 0x6b, 0x0a, 0x20, 0xc7]),
    )
  })
})
