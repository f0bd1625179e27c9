/** Whatever the account: what a plan does never takes weight from anybody, gives more, or locks it. */

import fc from 'fast-check'
import type { Account } from '../../../../src/flow/accounts.ts'
import {
  keepersOf,
  proofBatches,
  revocationBatches,
} from '../../../../src/provisioning/rotation/copies.ts'
import {
  assertNewHolder,
  canReach1000,
  holderChanges,
  holdersOf,
  isSameHolder,
  plannedHolders,
  weightOfHolders,
} from '../../../../src/provisioning/rotation/holders.ts'
import { type PlanRequest, planOf } from '../../../../src/provisioning/rotation/plan.ts'
import type {
  PlannedTransaction,
  RotationPlan,
} from '../../../../src/provisioning/rotation/types.ts'
import { account, key, publicKeyOf } from './accounts.ts'
import { keyModel } from './key-model.ts'

const hashes = fc.constantFrom('SHA2_256', 'SHA3_256')
const weights = fc.oneof(
  fc.constantFrom(1, 300, 400, 499, 500, 501, 600, 999, 1000),
  fc.integer({ min: 1, max: 1000 }),
)
/** Keys that stand about on an account and mean nothing to a rotation, or should. */
const bystanders = fc.oneof(
  fc
    .record({ name: fc.constantFrom('a', 'b', 'c', 'e'), weight: weights })
    .map(({ name, weight }) => key(name, { weight, revoked: true })),
  fc.constantFrom('b', 'c', 'e').map((name) => key(name)),
  fc.tuple(weights, fc.bigInt({ min: 1n, max: 2n ** 500n })).map(([weight, digits]) =>
    key('f', {
      publicKey: `f${digits.toString(16).padStart(127, '0')}`,
      weight,
      hashAlgorithm: 'SHA2_384',
    }),
  ),
  fc.constant(key('a', { signatureAlgorithm: 'ECDSA_secp256k1' })),
)
/** Small, so that a counterexample can be read: an account may have hundreds of keys. */
const recipes = fc.record({
  holders: fc.array(fc.tuple(weights, hashes), { minLength: 1, maxLength: 4 }),
  copies: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 245, max: 760 })),
  copyHash: hashes,
  others: fc.array(bystanders, { maxLength: 8 }),
  /** Where the holders and the others stand among the copies. */
  places: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
  emergency: fc.boolean(),
  newCopies: fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
  newHashAlgorithm: fc.constantFrom('SHA2_256' as const, 'SHA3_256' as const, undefined),
})
type Recipe = typeof recipes extends fc.Arbitrary<infer One> ? One : never

function requestOf({ newCopies, emergency, newHashAlgorithm, ...recipe }: Recipe): PlanRequest {
  const keys = Array.from({ length: recipe.copies }, (_, index) =>
    key('a', index % 3 === 0 ? { hashAlgorithm: recipe.copyHash } : {}),
  )
  const holders = recipe.holders.map(([weight, hashAlgorithm], index) =>
    key(['a', 'b', 'c', 'd'][index] ?? '', { weight, hashAlgorithm }),
  )
  for (const [index, one] of [...holders, ...recipe.others].entries())
    keys.splice(Math.floor((recipe.places[index] ?? 0) * (keys.length + 1)), 0, one)
  return {
    account: account(...keys),
    chainId: 'flow-emulator',
    publicKey: publicKeyOf('a'),
    emergency,
    copies: newCopies,
    newHashAlgorithm,
  }
}

/** An account that can be signed for; what `planOf` refuses is in another test. */
const sound = recipes.filter(
  ({ holders }) => holders.reduce((sum, [weight]) => sum + weight, 0) >= 1000,
)

type State = { readonly account: Account; readonly moment: 'before' | 'cut' | 'after' }

/** Sends what a plan lists, as the workflow does. @returns Every state that a block can show. */
function statesOf(before: Account, plan: RotationPlan): readonly State[] {
  const { old, weight } = plan
  const newKey = {
    publicKey: publicKeyOf('9'),
    signatureAlgorithm: 'ECDSA_secp256k1' as const,
    hashAlgorithm: plan.hashAlgorithm,
  }
  const model = keyModel(before)
  const next = () => model.account().keys.length
  const { first, rest } = revocationBatches(old)
  const left = [...rest]
  const cuts = [[old.keyIndex, ...first], ...rest]
  const proofs = [...proofBatches(plan.copies)]
  const proving = before.keys.length
  let moment: State['moment'] = 'before'

  const send: Record<string, (planned: PlannedTransaction) => void> = {
    add: ({ adds }) => model.addKeys(newKey, adds, next()),
    prove({ adds }) {
      model.propose(proving, newKey.publicKey)
      expect(proofs.shift()).toBe(adds)
      model.addKeys(newKey, adds, next())
    },
    swap({ adds, revokes }) {
      assertNewHolder(model.account(), plan, newKey)
      model.propose(proving, newKey.publicKey)
      expect([adds, revokes]).toEqual([1, first.length + 1])
      model.swap({ ...old, weight }, newKey, next(), first)
      moment = 'after'
    },
    revoke({ revokes }) {
      const indexes = left.shift() ?? []
      expect(indexes).toHaveLength(revokes)
      model.revokeKeys(old.publicKey, indexes, keepersOf(model.account(), old))
    },
    cut({ revokes }) {
      const indexes = cuts.shift() ?? []
      expect(indexes).toHaveLength(revokes)
      model.revokeKeys(old.publicKey, indexes, keepersOf(model.account(), old))
      moment = 'cut'
    },
    restore({ adds }) {
      assertNewHolder(model.account(), plan, newKey)
      model.propose(proving, newKey.publicKey)
      expect(adds).toBe(1)
      model.restore(newKey, old, next())
      moment = 'after'
    },
  }
  const states: State[] = [{ account: before, moment }]
  for (const planned of plan.transactions) {
    send[planned.purpose]?.(planned)
    states.push({ account: model.account(), moment })
  }
  return states
}

describe('a plan, sent transaction after transaction', () => {
  it('keeps the account signable and every weight where it was', () => {
    fc.assert(
      fc.property(sound, (recipe) => {
        const request = requestOf(recipe)
        const plan = planOf(request)
        const newHolder = {
          publicKey: publicKeyOf('9'),
          signatureAlgorithm: 'ECDSA_secp256k1' as const,
        }
        for (const { account: state, moment } of statesOf(request.account, plan)) {
          const holders = holdersOf(state)
          expect(canReach1000(holders)).toBe(true)
          const planned =
            moment === 'after'
              ? plannedHolders(plan, moment, newHolder)
              : plannedHolders(plan, moment)
          expect(holderChanges(planned, holders)).toEqual([])
          // Nobody can do more than before: the new key stands for the old, and they never add up.
          const before = (one: (typeof holders)[number]) =>
            isSameHolder(one, newHolder)
              ? plan.old.weight
              : weightOfHolders(plan.holders.filter((other) => isSameHolder(other, one)))
          for (const one of holders) expect(one.weight).toBeLessThanOrEqual(before(one))
          const ofBoth = holders.filter(
            (one) => isSameHolder(one, newHolder) || isSameHolder(one, plan.old),
          )
          expect(weightOfHolders(ofBoth)).toBeLessThanOrEqual(plan.old.weight)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('leaves nothing of the old key, and of the new one what was asked for', () => {
    fc.assert(
      fc.property(sound, (recipe) => {
        const request = requestOf(recipe)
        const plan = planOf(request)
        const { keys } = statesOf(request.account, plan).at(-1)?.account ?? { keys: [] }
        const usable = keys.filter(({ revoked }) => !revoked)
        expect(usable.filter((one) => isSameHolder(one, plan.old))).toEqual([])
        const fresh = usable.filter(({ publicKey }) => publicKey === publicKeyOf('9'))
        expect(fresh.filter(({ weight }) => weight === 0)).toHaveLength(plan.copies)
        expect(fresh.filter(({ weight }) => weight > 0)).toMatchObject([{ weight: plan.weight }])
        expect(new Set(fresh.map(({ hashAlgorithm }) => hashAlgorithm))).toEqual(
          new Set([plan.hashAlgorithm]),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('revokes first in an emergency, exactly where the others can sign alone', () => {
    fc.assert(
      fc.property(sound, (recipe) => {
        const request = requestOf(recipe)
        const plan = planOf(request)
        const others = plan.holders.filter((one) => !isSameHolder(one, plan.old))
        expect(plan.othersWeight).toBe(weightOfHolders(others))
        expect(plan.mode).toBe(request.emergency && canReach1000(others) ? 'cut' : 'swap')
        expect(plan.transactions[0]?.purpose).toBe(plan.mode === 'cut' ? 'cut' : 'add')
      }),
    )
  })

  it('is refused with a typed error, or made', () => {
    fc.assert(
      fc.property(recipes, fc.constantFrom('a', 'b', 'e', 'f'), (recipe, name) => {
        try {
          const plan = planOf({ ...requestOf(recipe), publicKey: publicKeyOf(name) })
          expect(plan.notes.length).toBeGreaterThan(0)
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'SignerError' })
        }
      }),
    )
  })
})
