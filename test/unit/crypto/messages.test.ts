import fc from 'fast-check'
import { accountProofMessage, userMessage } from '../../../src/crypto/messages.ts'
import { hexOf } from './independent.ts'
import { seed } from './seed.ts'

type EncodeAccountProof = (data: {
  address: string
  nonce: string
  appIdentifier: string
}) => string
const name: string = '@onflow/fcl' // ships without type declarations
const { WalletUtils }: { WalletUtils: { encodeAccountProof: EncodeAccountProof } } = await import(
  name
)

const address = '0xf8d6e0586b0a20c7'
const nonce = '75f8587e5bd982ec9289c5be1f9426bd12b4c1de9c7a7e4d8c5f9e8b2a7c3f1e'
const digits = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map(hexOf)

describe('accountProofMessage', () => {
  it('is the tag and RLP of app identifier, address and nonce, by hand', () => {
    const tag = Buffer.from('FCL-ACCOUNT-PROOF-V0.0').toString('hex').padEnd(64, '0')
    const app = `83${Buffer.from('App').toString('hex')}`
    const expected = `${tag}ee${app}88${address.slice(2)}a0${nonce}`
    const message = accountProofMessage(address, { appIdentifier: 'App', nonce })
    expect(hexOf(message)).toBe(expected)
  })

  it(`is what FCL encodes, for 500 proofs (FCL_KMS_SEED=${seed})`, () => {
    const appIdentifier = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(digits(8, 8), digits(32, 80), appIdentifier, (account, random, app) => {
        const ours = accountProofMessage(account, { appIdentifier: app, nonce: random })
        const theirs = WalletUtils.encodeAccountProof({
          address: `0x${account}`,
          nonce: random,
          appIdentifier: app,
        })
        expect(hexOf(ours)).toBe(theirs)
      }),
      { seed, numRuns: 500 },
    )
  })

  it.each([
    ['app identifier', { appIdentifier: 'App2', nonce }, address],
    ['nonce', { appIdentifier: 'App', nonce: nonce.replace('75', '74') }, address],
    ['address', { appIdentifier: 'App', nonce }, '0xf8d6e0586b0a20c6'],
  ])('is another when the %s is', (_, proof, account) => {
    const first = accountProofMessage(address, { appIdentifier: 'App', nonce })
    expect(hexOf(accountProofMessage(account, proof))).not.toBe(hexOf(first))
  })

  it.each([
    ['no app identifier', { appIdentifier: '', nonce }, 'INVALID_OPTION'],
    ['a nonce of 31 bytes', { appIdentifier: 'App', nonce: nonce.slice(2) }, 'INVALID_OPTION'],
    ['no nonce', { appIdentifier: 'App', nonce: '' }, 'INVALID_OPTION'],
    ['a nonce with 0x', { appIdentifier: 'App', nonce: `0x${nonce}` }, 'MALFORMED_HEX'],
    ['an odd nonce', { appIdentifier: 'App', nonce: `${nonce}0` }, 'MALFORMED_HEX'],
    [
      'a nonce that is not hexadecimal',
      { appIdentifier: 'App', nonce: 'z'.repeat(64) },
      'MALFORMED_HEX',
    ],
  ])('refuses %s', (_, proof, code) => {
    expect(() => accountProofMessage(address, proof)).toThrow(expect.objectContaining({ code }))
  })

  it('refuses an address that is none', () => {
    expect(() => accountProofMessage('0x1', { appIdentifier: 'App', nonce })).toThrow(
      expect.objectContaining({ code: 'INVALID_ADDRESS' }),
    )
  })
})

describe('userMessage', () => {
  it('is the user tag, then the content as it is (E7)', () => {
    const tag = Buffer.from('FLOW-V0.0-user').toString('hex').padEnd(64, '0')
    expect(hexOf(userMessage(new Uint8Array([0xc0, 0xff, 0xee])))).toBe(`${tag}c0ffee`)
    expect(hexOf(userMessage(new Uint8Array()))).toBe(tag)
  })
})
