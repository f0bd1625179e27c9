import fc from 'fast-check'
import { isAddressOfChain } from '../../../src/policy/chain-address.ts'
import { seed } from '../crypto/seed.ts'

/** Accounts of the networks themselves: service, contracts of the core, first ones of an emulator. */
const accounts: Readonly<Record<string, readonly string[]>> = {
  'flow-mainnet': [
    ...['0xe467b9dd11fa00df', '0xf233dcee88fe0abe', '0x1654653399040a61', '0xf919ee77447b7497'],
    ...['0x1d7e57aa55817448', '0x8624b52f9ddcd04a', '0x4eb8a10cb9f87357'],
  ],
  'flow-testnet': [
    ...['0x8c5303eaa26202d6', '0x9a0766d93b6608b7', '0x7e60df042a9c0868', '0x912d5440f7e3769e'],
    ...['0x631e88ae7f1d7c20', '0x9eca2b38b18b5dfe'],
  ],
  'flow-emulator': [
    ...['0xf8d6e0586b0a20c7', '0xee82856bf20e2aa6', '0x0ae53cb6e3f42a79', '0xe5a8b7f23e8b548f'],
    ...['0x01cf0e2f2f715450', '0x179b6b1cb6755e31', '0xf3fcd2c1a78f5eee'],
  ],
}
/** Index 0 of each chain, which belongs to nobody. */
const nobody: Readonly<Record<string, string>> = {
  'flow-mainnet': '0x0000000000000000',
  'flow-testnet': '0x6834ba37b3980209',
  'flow-emulator': '0x1cb159857af02018',
}
const chains = Object.keys(accounts)
const rows = chains.flatMap((chain) =>
  (accounts[chain] ?? []).map((address) => ({ chain, address })),
)
const hex = (word: bigint) => `0x${word.toString(16).padStart(16, '0')}`
const wordOf = (address: string, chain: string) => BigInt(address) ^ BigInt(nobody[chain] ?? '')
const UPPER_BITS = ((1n << 45n) - 1n) << 19n

describe('isAddressOfChain', () => {
  it.each(rows)('knows $address of $chain, and of no other chain', ({ chain, address }) => {
    expect(chains.filter((one) => isAddressOfChain(address, one))).toEqual([chain])
  })

  it.each(chains)('knows no address of index 0 on %s', (chain) => {
    expect(isAddressOfChain(nobody[chain] ?? '', chain)).toBe(false)
  })

  it('is asked here about each column of the parity check', () => {
    const bits = rows.map(({ chain, address }) => wordOf(address, chain)).reduce((a, b) => a | b)
    expect(bits & UPPER_BITS).toBe(UPPER_BITS)
  })

  it('knows every sum of addresses: the code is linear', () => {
    const words = rows.map(({ chain, address }) => wordOf(address, chain))
    const sums = fc.subarray(words, { minLength: 1 }).map((some) => some.reduce((a, b) => a ^ b))
    const property = fc.property(sums, fc.constantFrom(...chains), (word, chain) => {
      fc.pre(word !== 0n)
      expect(isAddressOfChain(hex(word ^ wordOf('0x0', chain)), chain)).toBe(true)
    })
    fc.assert(property, { seed, numRuns: 300 })
  })

  it('refuses every address with one or two bits flipped', () => {
    const base = BigInt('0x01cf0e2f2f715450')
    const bits = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit))
    const flips = bits.flatMap((a) => bits.map((b) => (a === b ? a : a | b)))
    const accepted = flips.filter((flip) => isAddressOfChain(hex(base ^ flip), 'flow-emulator'))
    expect(accepted).toEqual([])
  })

  it(`refuses three to six flipped bits (FCL_KMS_SEED=${seed})`, () => {
    const flips = fc.uniqueArray(fc.nat(63), { minLength: 3, maxLength: 6 })
    const property = fc.property(fc.constantFrom(...rows), flips, ({ chain, address }, bits) => {
      const flipped = bits.reduce((word, bit) => word ^ (1n << BigInt(bit)), BigInt(address))
      expect(isAddressOfChain(hex(flipped), chain)).toBe(false)
    })
    fc.assert(property, { seed, numRuns: 500 })
  })

  it.each([
    ['without 0x', '01cf0e2f2f715450'],
    ['0X', '0X01cf0e2f2f715450'],
    ['upper case', '0x01CF0E2F2F715450'],
    ['one digit less', '0x1cf0e2f2f715450'],
    ['one digit more', '0x001cf0e2f2f715450'],
    ['a space', ' 0x01cf0e2f2f715450'],
    ['a line feed', '0x01cf0e2f2f715450\n'],
    ['nothing', ''],
  ])('refuses another form: %s', (_, address) => {
    expect(isAddressOfChain(address, 'flow-emulator')).toBe(false)
  })

  it('refuses what is no text', () => {
    // The caller is JavaScript.
    const number = 0x01cf0e2f as unknown as string
    expect(isAddressOfChain(number, 'flow-emulator')).toBe(false)
  })

  it.each(['', 'mainnet', 'flow-mainnet ', 'FLOW-MAINNET', '__proto__', 'constructor'])(
    'does not guess what the chain %j is',
    (chain) => {
      const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
      expect(() => isAddressOfChain('0x01cf0e2f2f715450', chain)).toThrow(refusal)
    },
  )
})
