import fc from 'fast-check'
import { checkAccountKeys } from '../../../../src/provisioning/accounts/account-keys.ts'
import { flowText } from '../../../../src/provisioning/accounts/show-account.ts'
import { createdAddress } from '../../../../src/provisioning/accounts/transaction.ts'
import { accountTag, readAccountTags } from '../../../../src/provisioning/keys/account-tags.ts'
import { hexOf, softKey } from '../../crypto/independent.ts'
import { seed } from '../../crypto/seed.ts'
import { accountCreated } from '../node-endpoint.ts'

const publicKeys = [...Array(6)].map(() => hexOf(softKey('ECDSA_P256').publicKey))
const keyOf = (weight: number, place = 0) => ({
  publicKey: publicKeys[place] ?? '',
  signatureAlgorithm: 'ECDSA_P256' as const,
  weight,
})
const refusal = (code: string) => expect.objectContaining({ code })
const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 6 })

describe('checkAccountKeys', () => {
  it(`takes weights of 0 to 1000 exactly when they reach 1000 (seed ${seed})`, () => {
    fc.assert(
      fc.property(weights, (list) => {
        const keys = list.map(keyOf)
        const check = () => checkAccountKeys(keys, false)
        const sum = list.reduce((total, weight) => total + weight, 0)
        if (sum >= 1000) expect(check().map(({ weight }) => weight)).toEqual(list)
        else expect(check).toThrow(refusal('INVALID_WEIGHT'))
        expect(checkAccountKeys(keys, true)).toHaveLength(list.length)
      }),
      { seed },
    )
  })

  it(`refuses every other number as weight (seed ${seed})`, () => {
    const wrong = fc
      .oneof(fc.double(), fc.integer({ min: 1001 }), fc.integer({ max: -1 }))
      .filter((weight) => !(Number.isInteger(weight) && weight >= 0 && weight <= 1000))
    fc.assert(
      fc.property(wrong, (weight) => {
        const keys = [keyOf(1000), keyOf(weight, 1)]
        expect(() => checkAccountKeys(keys, true)).toThrow(refusal('INVALID_WEIGHT'))
      }),
      { seed },
    )
  })

  it('takes copies of weight 0, and refuses one with weight', () => {
    expect(checkAccountKeys([keyOf(1000), keyOf(0), keyOf(0)], false)).toHaveLength(3)
    const copies = [keyOf(500), keyOf(500)]
    expect(() => checkAccountKeys(copies, false)).toThrow(refusal('INVALID_WEIGHT'))
    const inCapitals = { ...keyOf(500), publicKey: keyOf(0).publicKey.toUpperCase() }
    expect(() => checkAccountKeys([keyOf(500), inCapitals], false)).toThrow(
      refusal('INVALID_WEIGHT'),
    )
  })

  it.each([
    ['no key', [], 'INVALID_OPTION'],
    ['201 keys', [...Array(201)].map(() => keyOf(0)), 'INVALID_OPTION'],
    ['a 0x', [{ ...keyOf(1000), publicKey: `0x${publicKeys[0]}` }], 'MALFORMED_HEX'],
    ['an odd digit', [{ ...keyOf(1000), publicKey: `${publicKeys[0]}a` }], 'MALFORMED_HEX'],
    ['a short key', [{ ...keyOf(1000), publicKey: 'ab' }], 'MALFORMED_PUBLIC_KEY'],
    ['no point', [{ ...keyOf(1000), publicKey: '11'.repeat(64) }], 'MALFORMED_PUBLIC_KEY'],
    [
      'a point of the other curve',
      [{ ...keyOf(1000), signatureAlgorithm: 'ECDSA_secp256k1' }],
      'MALFORMED_PUBLIC_KEY',
    ],
    ['an unknown curve', [{ ...keyOf(1000), signatureAlgorithm: 'BLS' }], 'INVALID_OPTION'],
    ['an unknown hash', [{ ...keyOf(1000), hashAlgorithm: 'KECCAK_256' }], 'INVALID_OPTION'],
    ['a wrong KMS key id', [{ ...keyOf(1000), kmsKeyId: 'x' }], 'INVALID_KEY_ID'],
    ['a misspelt field', [{ ...keyOf(1000), wieght: 1 }], 'INVALID_OPTION'],
  ])('refuses %s', (_, keys, code) => {
    const wrong = keys as Parameters<typeof checkAccountKeys>[0] // wrong on purpose
    expect(() => checkAccountKeys(wrong, false)).toThrow(refusal(code))
  })
})

describe('account tags', () => {
  const uses = fc.array(fc.record({ keyIndex: fc.nat(0xffff_ffff), weight: fc.nat(1000) }), {
    minLength: 1,
    maxLength: 6,
  })

  it(`are read as they were written (seed ${seed})`, () => {
    fc.assert(
      fc.property(uses, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (keys, number) => {
        const address = `0x${number.toString(16).padStart(16, '0')}`
        const { TagKey, TagValue } = accountTag('flow-testnet', address, keys)
        expect(readAccountTags({ [TagKey]: TagValue })).toEqual(
          keys.map((key) => ({ chainId: 'flow-testnet', address, ...key })),
        )
        // The characters that AWS allows.
        expect(`${TagKey}${TagValue}`).toMatch(/^[\w .:/=+\-@]*$/)
        expect(TagKey.length).toBeLessThanOrEqual(128)
        expect(TagValue.length).toBeLessThanOrEqual(256)
      }),
      { seed },
    )
  })

  it('leave out what does not fit', () => {
    const keys = [...Array(100)].map((_, keyIndex) => ({ keyIndex, weight: 0 }))
    const { TagValue } = accountTag('flow-emulator', '0x01cf0e2f2f715450', keys)
    expect(TagValue.length).toBeLessThanOrEqual(256)
    expect(TagValue).toMatch(/^(index=\d+ weight=0( \/ |$))+$/)
  })

  it.each([
    { team: 'drops' },
    { 'fcl-kms:account:flow-testnet:0x1': 'index=0 weight=1' },
    { 'fcl-kms:account:flow-testnet:0x01cf0e2f2f715450': 'index=-1 weight=1' },
    { 'fcl-kms:account:flow-testnet:0x01cf0e2f2f715450': '' },
  ])('of another form are passed over: %j', (tags) => {
    expect(readAccountTags(tags)).toEqual([])
  })
})

describe('createdAddress', () => {
  const event = (payload: unknown) => ({ type: 'flow.AccountCreated', payload })
  const good = accountCreated('0x01CF0E2F2F715450').payload
  const parsed: unknown = JSON.parse(Buffer.from(good, 'base64').toString())

  it('reads the address of the one new account', () => {
    const other = { type: 'A.0ae53cb6e3f42a79.FlowToken.TokensWithdrawn', payload: {} }
    expect(createdAddress([other, event(parsed)])).toBe('0x01cf0e2f2f715450')
  })

  it.each([
    ['no event', []],
    ['two accounts', [event(parsed), event(parsed)]],
    ['null', [event(null)]],
    ['no fields', [event({ value: {} })]],
    ['a field of another name', [event({ value: { fields: [{ name: 'adress' }] } })]],
    [
      'a short address',
      [event({ value: { fields: [{ name: 'address', value: { value: '0x1' } }] } })],
    ],
  ])('reads nothing from %s', (_, events) => {
    expect(createdAddress(events)).toBeUndefined()
  })
})

describe('flowText', () => {
  it.each([
    [0n, '0.00000000'],
    [1n, '0.00000001'],
    [100_000_000n, '1.00000000'],
    [123_456_789_012n, '1234.56789012'],
  ])('writes %s units as %s', (units, text) => {
    expect(flowText(units)).toBe(text)
  })
})
