/** The way back of a rotation, as long as there is one. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import type { Account } from '../../flow/accounts.ts'
import { assertKnownKeys } from '../../options.ts'
import { keepersOf, MAX_REVOKES } from './copies.ts'
import { addKeysTransaction, revokeKeysTransaction } from './key-changes.ts'
import { assertBase, assertVault, baseOptionNames, type RotationBase } from './options.ts'
import { bringAbout } from './pending.ts'
import { createProgress } from './progress.ts'
import { reportOf } from './report.ts'
import { receiveSigned, transactionOf } from './signatures.ts'
import { heaviestOf } from './signing.ts'
import { assertPlanned, standingOf } from './standing.ts'
import { assertPools, letGo } from './steps/hold.ts'
import { goOnWithPools } from './steps/resume.ts'
import type { RotationPending, RotationReport, RotationVault } from './types.ts'
import {
  accountNow,
  assertChainOf,
  createWorld,
  newKeyOf,
  openNewSigner,
  openNode,
  type World,
} from './world.ts'

/** Options of `abortRotation`. */
export type AbortOptions = RotationBase & {
  /** Where the new key is. Needed while a transaction that it proposed may yet be executed. */
  readonly vault?: RotationVault
}

/**
 * Goes back: what is pending is made to have no effect, the keys of weight 0 that the rotation added are
 * revoked, and the proposal keys that it held are given back. The new key itself stays in its vault. It
 * can be run again. Where the holders of the account are not those of the plan any more, the rotation is
 * closed and the keys stay as they are.
 *
 * @returns `aborted`, or `waiting-for-signatures` where others have to sign that the keys go.
 * @throws {SignerError} `ROTATION_NOT_FOUND`; `ROTATION_TOO_LATE` when the old key is revoked: resume it;
 * `ROTATION_UNSETTLED` when something may yet be executed, with until when; else as `resumeRotation`.
 */
export async function abortRotation(options: AbortOptions): Promise<RotationReport> {
  assertKnownKeys(options, [...baseOptionNames, 'vault'])
  assertBase(options)
  if (options.vault !== undefined) assertVault(options.vault)
  const address = normalizeAddress(options.address)
  const found = await options.rotations.read(address)
  if (found === undefined) throw new SignerError('ROTATION_NOT_FOUND', { address })
  const { id, state, step } = found
  if (state === 'done') throw new SignerError('ROTATION_TOO_LATE', { address, id, step })
  const { node, chainId } = await openNode(options)
  if (state === 'aborted') return reportOf(node, found, 'aborted', options)
  assertChainOf(found, chainId)
  const world = createWorld(node, createProgress(options.rotations, found, options.onStep), options)
  return goBack(world)
}

/** What `abortRotation` does, and `resumeRotation` with a rotation that is being aborted. */
export async function goBack(world: World): Promise<RotationReport> {
  const { node, progress } = world
  assertPools(world)
  await receiveSigned(world)
  try {
    if (progress.current().aborting !== true)
      await progress.save({ aborting: true }, { text: 'The rotation is being aborted.' })
    const account = await accountNow(world)
    if (isBeyond(world, account)) return await close(world, account)
    // What was sent may change the keys: until that is certain the rows stay as they are.
    if (progress.current().pending?.state !== 'sent') await letGo(world)
    const outcome = await withdraw(world)
    if (outcome.kind !== 'there')
      return await reportOf(node, progress.current(), 'waiting-for-signatures', world)
    if (isBeyond(world, outcome.account)) return await close(world, outcome.account)
    await letGo(world)
    const { newKey } = progress.current()
    const left = newKey === undefined ? '' : ` The new key ${newKey.reference} is in its vault.`
    await progress.save(
      { state: 'aborted', pending: undefined },
      { text: `The account is as it was before.${left}` },
    )
    return await reportOf(node, progress.current(), 'aborted', world)
  } finally {
    await world.drain?.close()
  }
}

/** Whether the weights have changed: with a cut the account lacks a holder from then on. */
function isBeyond({ progress }: World, account: Pick<Account, 'keys'>): boolean {
  const { oldRevoked, weighted } = standingOf(account, progress.current())
  return weighted !== undefined || (progress.current().plan.mode === 'cut' && oldRevoked)
}

/** There is nothing to go on to either when others have changed the keys: a new plan is needed. */
async function close(world: World, account: Account): Promise<RotationReport> {
  const { node, progress } = world
  const { address, id, step } = progress.current()
  try {
    assertPlanned(account, progress.current())
  } catch (thrown) {
    if (!isSignerError(thrown, 'ROTATION_WEIGHTS_CHANGED')) throw thrown
    await goOnWithPools(world)
    const { expected, found } = thrown.context
    await progress.save(
      { state: 'aborted', pending: undefined, heldStores: undefined },
      { text: `Closed, since others have changed the keys: ${expected} was ${found}.` },
    )
    return reportOf(node, progress.current(), 'aborted', world)
  }
  await progress.save({ aborting: undefined })
  throw new SignerError('ROTATION_TOO_LATE', { address, id, step })
}

async function withdraw(world: World) {
  const { progress, vault } = world
  const { plan } = progress.current()
  const copiesOf = (account: Pick<Account, 'keys'>) =>
    standingOf(account, progress.current()).newCopies.map(({ index }) => index)
  const newSigner =
    progress.current().newKey === undefined || vault === undefined
      ? undefined
      : await openNewSigner(world)
  return bringAbout(world, {
    purpose: 'withdraw',
    takesOver: true,
    // The swap may have come first.
    left: (account) =>
      isBeyond(world, account)
        ? 0
        : copiesOf(account).length + (mayExecute(progress.current().pending, account) ? 1 : 0),
    proposer: (hands) => heaviestOf(hands).keyIndex,
    isWorthless: (account) => copiesOf(account).length === 0,
    build({ account, ...base }) {
      const indexes = copiesOf(account).slice(0, MAX_REVOKES)
      if (indexes.length === 0)
        // Adds nothing: it takes the number of another.
        return addKeysTransaction({ ...base, key: plan.old, count: 0, firstIndex: 0 })
      const newKey = newKeyOf(world)
      const keepers = keepersOf(account, newKey)
      return revokeKeysTransaction({ ...base, publicKey: newKey.publicKey, indexes, keepers })
    },
    ...(newSigner === undefined ? {} : { newSigner }),
  })
}

function mayExecute(
  pending: RotationPending | undefined,
  { keys }: Pick<Account, 'keys'>,
): boolean {
  if (pending === undefined) return false
  const { keyIndex, sequenceNumber } = transactionOf(pending).proposalKey
  const key = keys.find(({ index }) => index === keyIndex)
  return key === undefined || (!key.revoked && key.sequenceNumber === sequenceNumber)
}
