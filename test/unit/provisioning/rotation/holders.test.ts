import {
  assertNewHolder,
  canReach1000,
  fewestSigners,
  holderChanges,
  holdersOf,
  holdersWithout,
  plannedHolders,
  weightOfHolders,
} from '../../../../src/provisioning/rotation/holders.ts'
import { planOf } from '../../../../src/provisioning/rotation/plan.ts'
import { account, key, publicKeyOf } from './accounts.ts'

const holder = (name: string, weight: number) => ({
  publicKey: publicKeyOf(name),
  signatureAlgorithm: 'ECDSA_P256' as const,
  weight,
})

describe('the holders of an account', () => {
  it('are its public keys, each with the weight of all its keys', () => {
    const { keys } = account(
      key('a', { weight: 500 }),
      key('b', { weight: 300 }),
      key('a', { weight: 200, hashAlgorithm: 'SHA2_256' }),
      key('c'),
    )
    expect(holdersOf({ keys })).toEqual([holder('a', 700), holder('b', 300)])
  })

  it('are two where the same digits are on two curves', () => {
    const keys = account(
      key('a', { weight: 500 }),
      key('a', { weight: 400, signatureAlgorithm: 'ECDSA_secp256k1' }),
    )
    expect(holdersOf(keys)).toEqual([
      holder('a', 500),
      { ...holder('a', 400), signatureAlgorithm: 'ECDSA_secp256k1' },
    ])
  })

  it.each([
    ['is revoked', { revoked: true }],
    ['has a curve that cannot sign', { signatureAlgorithm: 'BLS_BLS12_381' }],
    ['has a hash that cannot sign', { hashAlgorithm: 'SHA2_384' }],
    ['weighs nothing', { weight: 0 }],
  ])('do not count a key that %s', (_, facts) => {
    const keys = account(key('a', { weight: 600 }), key('b', { weight: 400, ...facts }))
    expect(holdersOf(keys)).toEqual([holder('a', 600)])
    expect(canReach1000(holdersOf(keys))).toBe(false)
  })

  it('reach 1,000 with 1,000, and not with 999', () => {
    const others = holdersWithout([holder('a', 999), holder('b', 1)], holder('b', 0))
    expect(canReach1000([...others, holder('c', 1)])).toBe(true)
    expect(canReach1000(others)).toBe(false)
    expect(weightOfHolders(others)).toBe(999)
  })
})

describe('fewestSigners', () => {
  const weights = (...all: readonly number[]) => all.map((weight) => ({ weight }))

  it.each([
    [[1000], [1000], true],
    [[500, 500], [500, 500], true],
    [[400, 300, 300], [400, 300, 300], true],
    [[1, 600, 400], [600, 400], true],
    [[500, 500, 500], [500, 500], false],
    [[700, 300, 300], [700, 300], false],
    [[1000, 1000], [1000], false],
    [[1000, 999], [1000], true],
  ])('of %j are %j', (all, signers, isOnlyChoice) => {
    expect(fewestSigners(weights(...all))).toEqual({ signers: weights(...signers), isOnlyChoice })
  })

  it.each([[[]], [[999]], [[500, 499]]])('are none of %j', (all) => {
    expect(fewestSigners(weights(...all))).toBeUndefined()
  })
})

describe('holderChanges', () => {
  it('are none when the same weights are told in another order', () => {
    const one = [holder('a', 500), holder('b', 500)]
    expect(holderChanges(one, [...one].reverse())).toEqual([])
  })

  it.each([
    ['gained', holder('a', 400), holder('a', 500)],
    ['lost', holder('a', 500), holder('a', 400)],
    ['came', holder('a', 0), holder('a', 1)],
    ['went', holder('a', 1), holder('a', 0)],
  ])('tell who %s', (_, expected, found) => {
    const present = (one: typeof expected) => (one.weight === 0 ? [] : [one])
    const rest = [holder('b', 500)]
    expect(holderChanges([...rest, ...present(expected)], [...present(found), ...rest])).toEqual([
      {
        publicKey: publicKeyOf('a'),
        signatureAlgorithm: 'ECDSA_P256',
        expected: expected.weight,
        found: found.weight,
      },
    ])
  })

  it('take another curve for another holder', () => {
    const expected = [holder('a', 500)]
    const found = [{ ...holder('a', 500), signatureAlgorithm: 'ECDSA_secp256k1' as const }]
    expect(holderChanges(expected, found)).toHaveLength(2)
  })
})

describe('the holders that a plan expects', () => {
  const before = account(key('a', { weight: 500 }), key('b', { weight: 500 }), key('a'))
  const plan = planOf({
    account: before,
    chainId: 'flow-testnet',
    publicKey: publicKeyOf('a'),
    emergency: false,
  })

  it('are those of the account, then the new key in the place of the old', () => {
    expect(plannedHolders(plan, 'before')).toEqual([holder('a', 500), holder('b', 500)])
    expect(plannedHolders(plan, 'cut')).toEqual([holder('b', 500)])
    expect(plannedHolders(plan, 'after', holder('c', 0))).toEqual([
      holder('b', 500),
      holder('c', 500),
    ])
  })

  it.each([
    ['is the old key', 'a', 'its key is the one to rotate'],
    ['is the key of another holder', 'b', 'its key is key 1 of the account, and would gain weight'],
  ])('leave no room for a new key that %s', (_, name, reason) => {
    expect(() => assertNewHolder(before, plan, holder(name, 0))).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', context: { option: 'vault', reason } }),
    )
  })

  it('allow a new key that is on the account without weight, or was', () => {
    const { keys } = account(...before.keys, key('c'), key('d', { weight: 500, revoked: true }))
    for (const name of ['c', 'd', 'e'])
      expect(() => assertNewHolder({ keys }, plan, holder(name, 0))).not.toThrow()
  })
})
