import {
  addKeysComputeLimit,
  addKeysTransaction,
  restoreKeyTransaction,
  revokeKeysComputeLimit,
  revokeKeysTransaction,
  swapTransaction,
} from '../../../../src/provisioning/rotation/key-changes.ts'
import { rotationTransactions } from '../../../../src/provisioning/rotation/key-changes-cadence.ts'
import { readSource } from '../../../support/cadence.ts'

const address = '0xf8d6e0586b0a20c7'
const change = {
  referenceBlockId: new Uint8Array(32).fill(7),
  proposalKey: { address, keyIndex: 3, sequenceNumber: 4n },
}
const newKey = {
  publicKey: 'ab'.repeat(64),
  signatureAlgorithm: 'ECDSA_secp256k1',
  hashAlgorithm: 'SHA2_256',
} as const
const old = 'cd'.repeat(64)

/** Arguments as `Type value`. */
const argumentsOf = ({ arguments: texts }: { readonly arguments: readonly string[] }) =>
  texts.map((text) => {
    const { type, value } = JSON.parse(text)
    return `${type} ${Array.isArray(value) ? value.map((one) => `${one.type} ${one.value}`) : value}`
  })

describe('rotationTransactions', () => {
  it.each(Object.entries(rotationTransactions))('has the text of %s.cdc', (name, cadence) => {
    const source = readSource(`transactions/${name}.cdc`).replace(/^\/\/\/.*\n/gm, '')
    expect(cadence.trim()).toBe(source.trim())
  })

  it('cannot be changed by who reads it', () => {
    expect(Object.isFrozen(rotationTransactions)).toBe(true)
  })
})

describe('the transactions of a rotation', () => {
  it('are proposed, paid and authorized by the account alone', () => {
    const { proposalKey, referenceBlockId } = change
    for (const built of [
      addKeysTransaction({ ...change, key: newKey, count: 1, firstIndex: 1 }),
      swapTransaction({
        ...change,
        old: { keyIndex: 0, publicKey: old, weight: 1000 },
        newKey,
        firstIndex: 1,
        copies: [],
      }),
      revokeKeysTransaction({ ...change, publicKey: old, indexes: [1], keepers: [0] }),
      restoreKeyTransaction({
        ...change,
        newKey,
        revoked: { keyIndex: 0, publicKey: old, weight: 1 },
        firstIndex: 1,
      }),
    ])
      expect(built).toMatchObject({
        proposalKey,
        referenceBlockId,
        payer: address,
        authorizers: [address],
      })
  })

  it('add a key with the codes of Cadence, not those of the node', () => {
    const built = addKeysTransaction({ ...change, key: newKey, count: 2, firstIndex: 9 })
    expect(built.cadence).toBe(rotationTransactions['rotation-add-keys'])
    expect(argumentsOf(built)).toEqual([
      `String ${newKey.publicKey}`,
      'UInt8 2',
      'UInt8 1',
      'Int 2',
      'Int 9',
    ])
  })

  it('swap the keys and revoke the copies', () => {
    const built = swapTransaction({
      ...change,
      old: { keyIndex: 5, publicKey: old, weight: 400 },
      newKey,
      firstIndex: 9,
      copies: [6, 8],
    })
    expect(built.cadence).toBe(rotationTransactions['rotate-key'])
    expect(argumentsOf(built)).toEqual([
      'Int 5',
      `String ${old}`,
      'UFix64 400.0',
      `String ${newKey.publicKey}`,
      'UInt8 2',
      'UInt8 1',
      'Int 9',
      'Array Int 6,Int 8',
    ])
  })

  it('revoke keys while others stay', () => {
    const built = revokeKeysTransaction({
      ...change,
      publicKey: old,
      indexes: [5, 6],
      keepers: [0, 1],
    })
    expect(built.cadence).toBe(rotationTransactions['revoke-keys'])
    expect(argumentsOf(built)).toEqual([`String ${old}`, 'Array Int 5,Int 6', 'Array Int 0,Int 1'])
  })

  it('restore a weight', () => {
    const built = restoreKeyTransaction({
      ...change,
      newKey,
      revoked: { keyIndex: 5, publicKey: old, weight: 400 },
      firstIndex: 9,
    })
    expect(built.cadence).toBe(rotationTransactions['restore-key'])
    expect(argumentsOf(built)).toEqual([
      `String ${newKey.publicKey}`,
      'UInt8 2',
      'UInt8 1',
      'UFix64 400.0',
      'Int 9',
      'Int 5',
      `String ${old}`,
    ])
  })

  it('declare what a payer must own the fee for, unless told otherwise', () => {
    const key = { ...change, key: newKey, firstIndex: 1 }
    expect(addKeysTransaction({ ...key, count: 250 }).computeLimit).toBe(5_100)
    expect(addKeysTransaction({ ...key, count: 250, computeLimit: 77 }).computeLimit).toBe(77)
    expect([0, 1, 100, 600].map(addKeysComputeLimit)).toEqual([100, 120, 2_100, 9_999])
    expect([1, 100, 250, 600].map(revokeKeysComputeLimit)).toEqual([175, 2_650, 6_400, 9_999])
  })
})
