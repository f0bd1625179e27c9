/** One rotation through killed processes, and all that must hold of it afterwards. @module */

import { paginateListKeys } from '@aws-sdk/client-kms'
import { sealedHeight } from './rotation-blocks.ts'
import { type Ending, faultsOfEnd, type Kill, rotateThroughKills } from './rotation-kills.ts'
import { nameOf } from './rotation-matrix.ts'
import { readOutcomes } from './rotation-outcomes.ts'
import type { RotationProcessOptions, RotationTrap } from './rotation-process.ts'
import { faultsAfter, faultsAfterAbort } from './rotation-proof.ts'
import { COPIES } from './rotation-trial.ts'
import type { Combination, RotationWorld } from './rotation-world.ts'

/** What is chosen of a round. */
export type RoundOptions = {
  readonly combination: Combination
  readonly store: RotationProcessOptions['store']
  readonly traps: readonly RotationTrap[]
  readonly ending: Ending
  /** The old key is cut off first, since the others reach 1,000. Default false. */
  readonly cut?: boolean
}

/** What came of it. */
export type Round = {
  readonly kills: readonly Kill[]
  /** Processes that were started. */
  readonly processes: number
  /** How many moments each step had, as far as one process saw all of it. */
  readonly moments: Readonly<Record<string, number>>
  /** Empty is good. */
  readonly faults: readonly string[]
  /** At which the weights were checked. */
  readonly blocks: number
  /** Transactions of the rotation that the chain took and that changed nothing. */
  readonly failed: number
}

/** Runs one round on an account of its own. */
export async function runRound(world: RotationWorld, options: RoundOptions): Promise<Round> {
  const { combination, store, traps, ending, cut = false } = options
  const account = await world.createAccount(combination, COPIES)
  const keysBefore = await countKeys(world)
  const rotation = await rotateThroughKills(
    {
      accessNode: world.chain.url,
      address: account.address,
      publicKey: account.oldPublicKey,
      held: [account.old, ...account.others],
      next: account.next,
      places: world.places,
      store,
      retire: account.retire,
      wish: {
        hashAlgorithm: combination.next.hashAlgorithm,
        copies: COPIES,
        emergency: cut,
      },
    },
    traps,
    ending,
  )
  const { kills, end } = rotation
  const isAborted = ending.errand === 'abort'
  const faults = [...faultsOfEnd(rotation, isAborted ? 'aborted' : 'done')]
  const newKey = end.report?.newKey
  const publicKeys = newKey === undefined ? [] : [newKey.publicKey]
  const weights = await world.checkWeights(account, publicKeys, { cut })
  const outcomes = await readOutcomes(world.chain.url, {
    from: account.since,
    to: await sealedHeight(world.chain.url),
  })
  const change = cut ? 'restore-key' : 'rotate-key'
  faults.push(...weights.faults, ...countChanges(outcomes, change, isAborted ? 0 : 1))
  const made = (await countKeys(world)) - keysBefore
  const due = account.next.kind === 'aws-kms' ? 1 : 0
  // Going back it may have been too early for one.
  if (made > due || (made < due && !isAborted)) faults.push(`${made} keys were made in KMS`)
  if (isAborted) faults.push(...(await faultsAfterAbort(world, account)))
  else if (newKey !== undefined) {
    const signer = world.vaults.vault(account.next).open(newKey.reference)
    faults.push(...(await faultsAfter(world, account, { newKey, signer, copies: COPIES })))
  }
  const missed = traps.length - kills.filter(({ errand }) => errand === 'rotate').length
  if (missed > 0) faults.push(`${missed} of ${traps.length} processes were not killed`)
  return {
    kills,
    processes: kills.length + 1,
    moments: end.moments,
    faults: faults.map((fault) => `${fault} (${traceOf(options, kills)})`),
    blocks: weights.blocks,
    failed: outcomes.filter((one) => one.rotation && one.errorCodes.length > 0).length,
  }
}

async function countKeys({ kms: { client } }: RotationWorld): Promise<number> {
  let count = 0
  for await (const { Keys = [] } of paginateListKeys({ client }, {})) count += Keys.length
  return count
}

/** The account has got its new key once, or not at all: twice would be another key at the weight. */
function countChanges(
  outcomes: Awaited<ReturnType<typeof readOutcomes>>,
  name: 'rotate-key' | 'restore-key',
  due: 0 | 1,
): readonly string[] {
  const changes = outcomes.filter(
    ({ rotation, errorCodes }) => rotation === name && errorCodes.length === 0,
  )
  return changes.length === due ? [] : [`${changes.length} of ${name} were sealed`]
}

const traceOf = ({ ending, combination }: RoundOptions, kills: readonly Kill[]) =>
  [
    nameOf(combination),
    ...kills.map(({ errand, step, moment, at }) => `${errand} ${step} ${moment} ${at}`),
    ending.errand,
  ].join('; ')
