import { findRotated } from '../../../src/authorizer/rotated.ts'
import { chooseKeys, chooseProposalKey, type Selection } from '../../../src/authorizer/selection.ts'
import type { AccountKey } from '../../../src/flow/accounts.ts'
import { KmsAuthorizer } from '../../../src/index.ts'
import { address as chainAddress } from '../../support/pool-world.ts'
import { startRotatingAccount } from '../../support/rotating-account.ts'
import { accountOf, address, type KeyPlan } from './accounts.ts'

/** Keys of the same letter are of one signer; ours are in lower case. */
type Plan = readonly [letter: string, weight: number, revoked?: 'revoked']

function planned(plans: readonly Plan[]) {
  const keys = plans.map(
    ([material, weight, revoked]): KeyPlan => ({
      material,
      weight,
      revoked: revoked !== undefined,
      held: material === material.toLowerCase(),
    }),
  )
  const account = accountOf(keys)
  const isOurs = ({ publicKey }: AccountKey) => publicKey === publicKey.toLowerCase()
  return { ...account, rotated: findRotated(account.keys, isOurs) }
}

const rotated = (keyIndexes: readonly number[], weight: number) =>
  expect.objectContaining({ code: 'KEY_ROTATED', context: { address, keyIndexes, weight } })
const code = (name: string) => expect.objectContaining({ code: name })
const choose = (plans: readonly Plan[], selection: Selection = {}) =>
  chooseKeys(planned(plans), selection)

const swapped: readonly Plan[] = [
  ['a', 1_000, 'revoked'],
  ['a', 0, 'revoked'],
  ['N', 0],
  ['N', 1_000],
]

describe('a key that was rotated', () => {
  it('is told by its index and what the signers still reach', () => {
    expect(() => choose(swapped)).toThrow(rotated([0], 0))
    const shared: readonly Plan[] = [
      ['a', 500, 'revoked'],
      ['b', 500],
      ['N', 500],
    ]
    expect(() => choose(shared)).toThrow(rotated([0], 500))
    expect(() => chooseProposalKey(planned(swapped), {})).toThrow(rotated([0], 0))
  })

  it('is told when its index, or that of a copy, was named', () => {
    expect(() => choose(swapped, { keyIndexes: [0] })).toThrow(rotated([0], 0))
    expect(() => choose(swapped, { keyIndexes: [1] })).toThrow(rotated([0], 0))
    const proposal = { proposalKeyIndex: 1 }
    expect(() => chooseProposalKey(planned(swapped), proposal)).toThrow(rotated([0], 0))
  })

  it('is not told to those who hold the new one, but by an index that is named and revoked', () => {
    const both = swapped.map(([letter, ...rest]): Plan => [letter.toLowerCase(), ...rest])
    expect(choose(both).map(({ keyIndex }) => keyIndex)).toEqual([3])
    expect(() => choose(both, { keyIndexes: [0] })).toThrow(code('KEY_REVOKED'))
  })

  it.each<[string, readonly Plan[], Selection, string]>([
    [
      'was revoked and nothing came after it',
      [
        ['N', 1_000],
        ['a', 1_000, 'revoked'],
      ],
      {},
      'WEIGHT_TOO_LOW',
    ],
    [
      'is on the account once more',
      [
        ['a', 500, 'revoked'],
        ['N', 500],
        ['a', 500],
      ],
      {},
      'WEIGHT_TOO_LOW',
    ],
    [
      'has a copy that is not revoked',
      [
        ['a', 1_000, 'revoked'],
        ['N', 1_000],
        ['a', 0],
      ],
      {},
      'WEIGHT_TOO_LOW',
    ],
    [
      'had no weight',
      [
        ['a', 0, 'revoked'],
        ['N', 1_000],
      ],
      { keyIndexes: [0] },
      'KEY_REVOKED',
    ],
    [
      'was followed by a key of weight 0 alone',
      [
        ['N', 1_000],
        ['a', 1_000, 'revoked'],
        ['N', 0],
      ],
      { keyIndexes: [1] },
      'KEY_REVOKED',
    ],
    [
      'belongs to others',
      [
        ['X', 1_000, 'revoked'],
        ['N', 1_000],
      ],
      { keyIndexes: [0] },
      'KEY_REVOKED',
    ],
    [
      'was rotated to a key that is revoked itself',
      [
        ['a', 1_000, 'revoked'],
        ['N', 1_000, 'revoked'],
        ['a', 0, 'revoked'],
      ],
      { keyIndexes: [0] },
      'KEY_REVOKED',
    ],
  ])('is not told of one that %s', (_, plans, selection, expected) => {
    expect(() => choose(plans, selection)).toThrow(code(expected))
  })
})

describe('an authorizer whose key was rotated', () => {
  it('reads the account again when it is asked again', async () => {
    await using account = await startRotatingAccount()
    const { node, old } = account
    const authorizer = KmsAuthorizer.fromSigners(old, { accessNode: node.url })
    const sign = async () => (await authorizer.signUserMessage(chainAddress, 'ab'))[0]?.keyId
    expect(await sign()).toBe(0)
    account.swap()
    authorizer.forgetKeys(chainAddress)
    await expect(sign()).rejects.toMatchObject({ code: 'KEY_ROTATED' })
    const keyIndex = account.add(old, 1_000)
    expect(await sign()).toBe(keyIndex)
  })
})
