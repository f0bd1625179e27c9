/** The four transactions of a rotation on an emulator: what they do, refuse, and cost. */

import type { TransactionPayload } from '../../src/crypto/transaction.ts'
import { batchesOf } from '../../src/provisioning/proposal-keys/transaction.ts'
import { MAX_REVOKES } from '../../src/provisioning/rotation/copies.ts'
import { holdersOf } from '../../src/provisioning/rotation/holders.ts'
import {
  addKeysTransaction,
  type KeyChange,
  restoreKeyTransaction,
  revokeKeysTransaction,
  swapTransaction,
} from '../../src/provisioning/rotation/key-changes.ts'
import { type Party, type RotationChain, startRotationChain } from '../support/rotation-chain.ts'

let chain: RotationChain
beforeAll(async () => {
  chain = await startRotationChain()
})
afterAll(() => chain?.stop())

const done = { failure: undefined }
/** By our own panic. */
const refusal = (code: string) => ({ failure: { code: `Rotation.${code}`, errorCodes: [1101] } })
type Built = (change: KeyChange) => TransactionPayload
/** Puts another argument in its place. */
const altered =
  (build: Built, place: number, type: string, value: unknown): Built =>
  (change) => {
    const built = build(change)
    const argument = JSON.stringify({ type, value })
    return { ...built, arguments: built.arguments.with(place, argument) }
  }
const range = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => first + index)
const int = (value: number) => ({ type: 'Int', value: String(value) })

type Wrong = readonly [
  name: string,
  place: number,
  type: string,
  value: (parties: { readonly other: Party }) => unknown,
  code: string,
]
/** Of each transaction that takes a new key: where its three arguments stand. */
const wrongNewKeys = (place: number): readonly Wrong[] => [
  ['a new key with 04 in front', place, 'String', () => `04${'1'.repeat(128)}`, 'InvalidPublicKey'],
  ['a new key of BLS', place + 1, 'UInt8', () => '3', 'InvalidAlgorithm'],
  ['a new key of SHA2_384', place + 2, 'UInt8', () => '2', 'InvalidAlgorithm'],
]
/** No account has them, and one is no index at all. */
const unknownIndexes = (place: number): readonly Wrong[] =>
  ['-1', '99', '4294967296'].map((index) => [
    `the unknown index ${index}`,
    place,
    'Int',
    () => index,
    'NotTheKey',
  ])

describe('rotation-add-keys.cdc', () => {
  it.each([
    ['ECDSA_P256', 'SHA2_256'],
    ['ECDSA_secp256k1', 'SHA3_256'],
  ] as const)('adds a key of %s and %s at weight 0, which then proposes', async (curve, hash) => {
    const { address, root } = await chain.accountOf([])
    const fresh = await chain.party(curve, hash)
    const add = (count: number, firstIndex: number) => (change: KeyChange) =>
      addKeysTransaction({ ...change, key: fresh, count, firstIndex })
    expect(await chain.send(address, add(1, 1), [[root, 0]])).toMatchObject(done)
    const both = [
      [root, 0],
      [fresh, 1],
    ] as const
    expect(await chain.send(address, add(2, 2), both, 1)).toMatchObject(done)
    expect(await chain.send(address, add(0, 4), both, 1)).toMatchObject(done)
    const { keys } = await chain.read(address)
    const { authorizer: _, ...key } = fresh
    expect(keys.slice(1)).toEqual(
      [2n, 0n, 0n].map((sequenceNumber, index) => ({
        ...key,
        index: index + 1,
        weight: 0,
        sequenceNumber,
        revoked: false,
      })),
    )
  })

  it.each<Wrong>([
    ['fewer than none', 3, 'Int', () => '-1', 'InvalidCount'],
    ['an index that is taken', 4, 'Int', () => '0', 'NotNext'],
    ['an index behind the next', 4, 'Int', () => '2', 'NotNext'],
    ...wrongNewKeys(0),
  ])('refuses %s', async (_, place, type, value, code) => {
    const { address, root } = await chain.accountOf([])
    const other = await chain.party()
    const build: Built = (change) =>
      addKeysTransaction({ ...change, key: other, count: 1, firstIndex: 1 })
    const wrong = altered(build, place, type, value({ other }))
    expect(await chain.send(address, wrong, [[root, 0]])).toMatchObject(refusal(code))
    expect((await chain.read(address)).keys).toHaveLength(1)
  })
})

/** An account of 500 and 500 and 1,000 for signing, with copies of the first; a new key proves itself. */
async function startSwap() {
  const [old, other, fresh] = [await chain.party(), await chain.party(), await chain.party()]
  const { address, root } = await chain.accountOf([
    [old, 500],
    [other, 500],
    [old, 0],
    [{ ...old, hashAlgorithm: 'SHA2_256' }, 0],
    [fresh, 0],
    [fresh, 0],
  ])
  const copies = [3, 4]
  const swap: Built = (change) =>
    swapTransaction({
      ...change,
      old: { keyIndex: 1, publicKey: old.publicKey, weight: 500 },
      newKey: { ...fresh, hashAlgorithm: 'SHA2_256' },
      firstIndex: 7,
      copies,
    })
  return { address, root, old, other, fresh, swap }
}

describe('rotate-key.cdc', () => {
  it('puts the new key in the place of the old and its copies, with the signatures of both', async () => {
    const { address, root, old, other, fresh, swap } = await startSwap()
    const drop: Built = (change) =>
      revokeKeysTransaction({
        ...change,
        publicKey: root.publicKey,
        indexes: [0],
        keepers: [1, 2],
      })
    expect(await chain.send(address, drop, [[root, 0]])).toMatchObject(done)
    const all = [
      [old, 1],
      [other, 2],
      [fresh, 5],
    ] as const
    expect(await chain.send(address, swap, all, 5)).toMatchObject(done)
    const account = await chain.read(address)
    expect(account.keys.map(({ weight, revoked }) => [weight, revoked])).toEqual([
      [1000, true],
      [500, true],
      [500, false],
      [0, true],
      [0, true],
      [0, false],
      [0, false],
      [500, false],
    ])
    expect(account.keys[7]).toMatchObject({
      publicKey: fresh.publicKey,
      hashAlgorithm: 'SHA2_256',
    })
    expect(holdersOf(account).map(({ weight }) => weight)).toEqual([500, 500])
    // The pair signs from now on.
    const add: Built = (change) =>
      addKeysTransaction({ ...change, key: fresh, count: 1, firstIndex: 8 })
    expect(
      await chain.send(address, add, [
        [fresh, 7],
        [other, 2],
      ]),
    ).toMatchObject(done)
  })

  it.each<Wrong>([
    ...unknownIndexes(0),
    ['another key than named', 0, 'Int', () => '2', 'NotTheKey'],
    ['the public key of another', 1, 'String', ({ other }) => other.publicKey, 'NotTheKey'],
    ['a copy in the place of the key', 0, 'Int', () => '3', 'WrongWeight'],
    ['more weight than it has', 2, 'UFix64', () => '501.0', 'WrongWeight'],
    ['less weight than it has', 2, 'UFix64', () => '499.0', 'WrongWeight'],
    ...wrongNewKeys(3),
    ['an index that is taken', 6, 'Int', () => '6', 'NotNext'],
    ['an index behind the next', 6, 'Int', () => '8', 'NotNext'],
    ['a copy of another', 7, 'Array', () => [int(5)], 'NotTheKey'],
    ['a copy that is not there', 7, 'Array', () => [int(99)], 'NotTheKey'],
    ['a copy named twice', 7, 'Array', () => [int(3), int(3)], 'Revoked'],
    ['the old key as its copy', 7, 'Array', () => [int(1)], 'Revoked'],
  ])('refuses %s', async (_, place, type, value, code) => {
    const { address, root, other, swap } = await startSwap()
    const before = (await chain.read(address)).keys
    const wrong = altered(swap, place, type, value({ other }))
    expect(await chain.send(address, wrong, [[root, 0]])).toMatchObject(refusal(code))
    const kept = (await chain.read(address)).keys
    expect(kept.slice(1)).toEqual(before.slice(1))
  })

  it('refuses the old key as the new one, in digits of either case', async () => {
    const { address, root, old, swap } = await startSwap()
    for (const digits of [old.publicKey, old.publicKey.toUpperCase()]) {
      const wrong = altered(swap, 3, 'String', digits)
      expect(await chain.send(address, wrong, [[root, 0]])).toMatchObject(refusal('SameKey'))
    }
  })

  it('refuses to revoke a copy that carries weight', async () => {
    const [old, fresh] = [await chain.party(), await chain.party()]
    const { address, root } = await chain.accountOf([
      [old, 500],
      [old, 1],
    ])
    const swap: Built = (change) =>
      swapTransaction({
        ...change,
        old: { keyIndex: 1, publicKey: old.publicKey, weight: 500 },
        newKey: fresh,
        firstIndex: 3,
        copies: [2],
      })
    expect(await chain.send(address, swap, [[root, 0]])).toMatchObject(refusal('Weighted'))
  })

  it('applies once, under whichever signatures and from whichever key it is sent', async () => {
    const { address, root, fresh, swap } = await startSwap()
    const by = [
      [root, 0],
      [fresh, 5],
    ] as const
    const one = await chain.sign(address, swap, by, 5)
    const two = await chain.sign(address, swap, by, 5)
    expect(one.envelopeSignatures).not.toEqual(two.envelopeSignatures)
    const three = await chain.sign(
      address,
      swap,
      [
        [root, 0],
        [fresh, 6],
      ],
      6,
    )
    expect(await chain.submit(one)).toMatchObject(done)
    await expect(chain.submit(two)).resolves.toMatchObject({ failure: { errorCodes: [1007] } })
    expect(await chain.submit(three)).toMatchObject(refusal('Revoked'))
    const account = await chain.read(address)
    expect(account.keys).toHaveLength(8)
    expect(holdersOf(account).map(({ weight }) => weight)).toEqual([1000, 500, 500])
  })

  it('leaves nothing that the old key could sign or its copies propose', async () => {
    const { address, root, old, other, swap } = await startSwap()
    const add: Built = (change) =>
      addKeysTransaction({ ...change, key: other, count: 0, firstIndex: 0 })
    const byOld = await chain.sign(
      address,
      add,
      [
        [old, 1],
        [other, 2],
      ],
      1,
    )
    const byCopy = await chain.sign(
      address,
      add,
      [
        [root, 0],
        [old, 3],
      ],
      3,
    )
    expect(await chain.send(address, swap, [[root, 0]])).toMatchObject(done)
    const failures = [await chain.submit(byOld), await chain.submit(byCopy)]
    const signatureOfRevokedKey = { code: undefined, errorCodes: [1009, 1006] }
    expect(failures.map(({ failure }) => failure)).toEqual([
      signatureOfRevokedKey,
      signatureOfRevokedKey,
    ])
  })
})

describe('revoke-keys.cdc', () => {
  /** 1,000, then 500 twice, a copy of the first of these, and 400. */
  async function start() {
    const [one, two, low] = [await chain.party(), await chain.party(), await chain.party()]
    const { address, root } = await chain.accountOf([
      [one, 500],
      [two, 500],
      [one, 0],
      [low, 400],
    ])
    const revoke: Built = (change) =>
      revokeKeysTransaction({
        ...change,
        publicKey: one.publicKey,
        indexes: [1, 3],
        keepers: [0],
      })
    return { address, root, one, two, low, revoke }
  }

  it('revokes a key and its copies while others stay, signed by those alone', async () => {
    const { address, root, revoke } = await start()
    expect(await chain.send(address, revoke, [[root, 0]])).toMatchObject(done)
    const { keys } = await chain.read(address)
    expect(keys.map(({ revoked }) => revoked)).toEqual([false, true, false, true, false])
  })

  it.each<Wrong>([
    ['none', 1, 'Array', () => [], 'InvalidCount'],
    ['an unknown index', 1, 'Array', () => [int(99)], 'NotTheKey'],
    ['an index below 0', 1, 'Array', () => [int(-1)], 'NotTheKey'],
    ['an index over 2³²', 1, 'Array', () => [int(4_294_967_296)], 'NotTheKey'],
    ['a key of another', 1, 'Array', () => [int(1), int(2)], 'NotTheKey'],
    ['a key named twice', 1, 'Array', () => [int(3), int(3)], 'Revoked'],
    ['another public key', 0, 'String', ({ other }) => other.publicKey, 'NotTheKey'],
    ['no keeper', 2, 'Array', () => [], 'WouldLock'],
    ['keepers of 900', 2, 'Array', () => [int(2), int(4)], 'WouldLock'],
    ['a keeper named twice', 2, 'Array', () => [int(2), int(2)], 'InvalidKeeper'],
    ['a keeper that it revokes', 2, 'Array', () => [int(2), int(1)], 'InvalidKeeper'],
    ['a keeper that is not there', 2, 'Array', () => [int(0), int(99)], 'InvalidKeeper'],
    ['a keeper below 0', 2, 'Array', () => [int(0), int(-1)], 'InvalidKeeper'],
  ])('refuses %s', async (_, place, type, value, code) => {
    const { address, root, two, revoke } = await start()
    const wrong = altered(revoke, place, type, value({ other: two }))
    expect(await chain.send(address, wrong, [[root, 0]])).toMatchObject(refusal(code))
    expect((await chain.read(address)).keys.some(({ revoked }) => revoked)).toBe(false)
  })

  it('refuses a key or a keeper that is revoked already', async () => {
    const { address, root, low, revoke } = await start()
    expect(await chain.send(address, revoke, [[root, 0]])).toMatchObject(done)
    expect(await chain.send(address, revoke, [[root, 0]])).toMatchObject(refusal('Revoked'))
    const more: Built = (change) =>
      revokeKeysTransaction({
        ...change,
        publicKey: low.publicKey,
        indexes: [4],
        keepers: [2, 1],
      })
    expect(await chain.send(address, more, [[root, 0]])).toMatchObject(refusal('InvalidKeeper'))
  })
})

describe('restore-key.cdc', () => {
  /** A key of 500 that is revoked, and a new one that stands ready twice. */
  async function start() {
    const [old, other, fresh] = [await chain.party(), await chain.party(), await chain.party()]
    const { address, root } = await chain.accountOf([
      [old, 500],
      [other, 500],
      [fresh, 0],
      [fresh, 0],
    ])
    const cut: Built = (change) =>
      revokeKeysTransaction({ ...change, publicKey: old.publicKey, indexes: [1], keepers: [0] })
    expect(await chain.send(address, cut, [[root, 0]])).toMatchObject(done)
    const restore: Built = (change) =>
      restoreKeyTransaction({
        ...change,
        newKey: fresh,
        revoked: { keyIndex: 1, publicKey: old.publicKey, weight: 500 },
        firstIndex: 5,
      })
    return { address, root, old, other, fresh, restore }
  }

  it('gives the new key what the revoked one had, once', async () => {
    const { address, root, fresh, restore } = await start()
    const one = await chain.sign(
      address,
      restore,
      [
        [root, 0],
        [fresh, 3],
      ],
      3,
    )
    const two = await chain.sign(
      address,
      restore,
      [
        [root, 0],
        [fresh, 4],
      ],
      4,
    )
    expect(await chain.submit(one)).toMatchObject(done)
    expect(await chain.submit(two)).toMatchObject(refusal('NotNext'))
    const account = await chain.read(address)
    expect(account.keys[5]).toMatchObject({ publicKey: fresh.publicKey, weight: 500 })
    expect(holdersOf(account).map(({ weight }) => weight)).toEqual([1000, 500, 500])
  })

  it.each<Wrong>([
    ...wrongNewKeys(0),
    ['more weight than was lost', 3, 'UFix64', () => '501.0', 'WrongWeight'],
    ['less weight than was lost', 3, 'UFix64', () => '499.0', 'WrongWeight'],
    ['an index that is taken', 4, 'Int', () => '4', 'NotNext'],
    ['an index behind the next', 4, 'Int', () => '6', 'NotNext'],
    ...unknownIndexes(5),
    ['another key than named', 5, 'Int', () => '2', 'NotTheKey'],
    ['the public key of another', 6, 'String', ({ other }) => other.publicKey, 'NotTheKey'],
  ])('refuses %s', async (_, place, type, value, code) => {
    const { address, root, other, restore } = await start()
    const wrong = altered(restore, place, type, value({ other }))
    expect(await chain.send(address, wrong, [[root, 0]])).toMatchObject(refusal(code))
    expect((await chain.read(address)).keys).toHaveLength(5)
  })

  it('refuses to double the weight of a key that is not revoked, or to give it back to its holder', async () => {
    const { address, root, old, other, restore } = await start()
    const double = altered(altered(restore, 5, 'Int', '2'), 6, 'String', other.publicKey)
    expect(await chain.send(address, double, [[root, 0]])).toMatchObject(refusal('NotRevoked'))
    const back = altered(restore, 0, 'String', old.publicKey)
    expect(await chain.send(address, back, [[root, 0]])).toMatchObject(refusal('SameKey'))
  })
})

describe('what a rotation costs', () => {
  const [largest = 0] = batchesOf(10_000)

  it.each([
    [0, 35],
    [1, 45],
    [100, 993],
    [largest, 2_428],
  ])('is known for %p keys added', async (count, measured) => {
    const { address, root } = await chain.accountOf([])
    const key = await chain.party()
    const add: Built = (change) => addKeysTransaction({ ...change, key, count, firstIndex: 1 })
    const { effort, failure } = await chain.send(address, add, [[root, 0]])
    expect({ effort, failure }).toEqual({ effort: measured, failure: undefined })
  })

  it.each([
    [1, 43, 56],
    [100, 1_278, 1_300],
    [MAX_REVOKES, 3_149, 3_183],
  ])('is known for %p keys revoked, alone and in a swap', async (count, alone, swapped) => {
    const { address, root } = await chain.accountOf([])
    const fresh = await chain.party()
    const add: Built = (change) =>
      addKeysTransaction({ ...change, key: root, count: count - 1, firstIndex: 1 })
    expect(await chain.send(address, add, [[root, 0]])).toMatchObject(done)
    const more: Built = (change) =>
      addKeysTransaction({ ...change, key: fresh, count, firstIndex: count })
    expect(await chain.send(address, more, [[root, 0]])).toMatchObject(done)
    const revoke: Built = (change) =>
      revokeKeysTransaction({
        ...change,
        publicKey: fresh.publicKey,
        indexes: range(count, count),
        keepers: [0],
      })
    const revoked = await chain.send(address, revoke, [[root, 0]])
    const swap: Built = (change) =>
      swapTransaction({
        ...change,
        old: { keyIndex: 0, publicKey: root.publicKey, weight: 1000 },
        newKey: fresh,
        firstIndex: 2 * count,
        copies: range(1, count - 1),
      })
    const together = await chain.send(address, swap, [[root, 0]])
    expect([revoked, together]).toEqual(
      [alone, swapped].map((effort) => ({ effort, failure: undefined })),
    )
  })
})
