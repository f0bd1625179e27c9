/** No transaction of the account is begun while its keys change. @module */

import { SignerError } from '../../../errors.ts'
import { invalid } from '../../../options.ts'
import { createDrain, type DrainWait } from '../drain.ts'
import { standingOf } from '../standing.ts'
import { accountNow, type World } from '../world.ts'
import type { Step } from './step.ts'

/** Waits until nothing is in flight. */
export const drain: Step = async (world) => {
  if (world.pools.length === 0) return { kind: 'done', text: 'There is no pool to wait for.' }
  await acquire(world)
  return {
    kind: 'done',
    text: 'All proposal keys are held, and nothing is in flight.',
    changes: { heldStores: true },
  }
}

/** Takes what is free; nobody is waited for. */
export const hold: Step = async (world) => {
  if (world.pools.length === 0) return { kind: 'done', text: 'There is no pool to hold.' }
  await world.progress.save({ heldStores: true })
  const outcome = await (await drainOf(world)).seize()
  const text = outcome.held
    ? 'All proposal keys are held.'
    : `The proposal keys are held; ${outcome.waiting.length} are in use and not waited for.`
  return { kind: 'done', text, changes: { heldStores: true } }
}

/**
 * The last thing before the first POST of a swap: from here on the rows stay as they are, whatever
 * becomes of this process.
 *
 * @returns True.
 * @throws {SignerError} `ROTATION_DRAIN_TIMEOUT`.
 */
export async function holdForGood(world: World): Promise<true> {
  if (world.pools.length === 0) return true
  const isEmergency = world.progress.current().plan.emergency
  if (isEmergency) {
    await (await drainOf(world)).seize()
    return true
  }
  if (world.drain === undefined || !(await world.drain.stillHeld())) await acquire(world)
  const outcome = await (await drainOf(world)).makeDurable()
  if (!outcome.held) throw timeoutError(world, outcome.waiting, 0)
  return true
}

/** Everybody may begin again: nothing was sent that changes the keys. */
export async function letGo(world: World): Promise<void> {
  if (world.progress.current().heldStores !== true || world.pools.length === 0) return
  await (await drainOf(world)).release()
  await world.progress.save({ heldStores: undefined })
}

/**
 * @throws {SignerError} `INVALID_OPTION` where rows are held and no store is given: they would be held for
 * ever.
 */
export function assertPools({ pools, progress }: World): void {
  if (pools.length > 0 || progress.current().heldStores !== true) return
  throw invalid('pools', 'the rotation holds proposal keys: give the stores that it was begun with')
}

/** @returns That of this process; the rows that another one of this rotation held are known to it. */
export async function drainOf(world: World): Promise<NonNullable<World['drain']>> {
  const { progress, pools, signal } = world
  if (world.drain === undefined) {
    const account = await accountNow(world)
    const { newCopies, oldCopies } = standingOf(account, progress.current())
    const [flagKey] = newCopies
    world.drain = createDrain({
      pools,
      id: progress.current().id,
      copies: account.keys
        .filter(({ index }) => oldCopies.includes(index))
        .map(({ index: keyIndex, sequenceNumber }) => ({ keyIndex, sequenceNumber })),
      ...(flagKey === undefined
        ? {}
        : { flagKey: { keyIndex: flagKey.index, sequenceNumber: flagKey.sequenceNumber } }),
      ...(signal === undefined ? {} : { signal }),
    })
  }
  return world.drain
}

async function acquire(world: World): Promise<void> {
  const { progress, drainTimeoutMs: timeoutMs } = world
  const drain = await drainOf(world)
  // Also when it says so already: another process that goes on with the rotation is to send nothing
  // any more, since what it holds is given back when this one runs out of time.
  await progress.save({ heldStores: true })
  const outcome = await drain.acquire({ timeoutMs })
  if (!outcome.held) throw timeoutError(world, outcome.waiting, timeoutMs)
}

function timeoutError({ address }: World, waiting: readonly DrainWait[], waitedMs: number) {
  const transactionIds = waiting.flatMap(({ transactionId }) => transactionId ?? []).slice(0, 10)
  return new SignerError('ROTATION_DRAIN_TIMEOUT', {
    address,
    inUse: waiting.length,
    waitedMs,
    transactionIds,
  })
}
