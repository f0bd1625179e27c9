/** What became of a transaction that may have been sent, and sending it. @module */

import type { Transaction } from '../../crypto/transaction.ts'
import { pause } from '../../deadline.ts'
import { codeOf, isSignerError, SignerError } from '../../errors.ts'
import { type Account, readAccountKey } from '../../flow/accounts.ts'
import { readLatestHeader } from '../../flow/block-headers.ts'
import { readSingleResult } from '../../flow/transaction-outcome.ts'
import { type Settled, settleTransaction, waitForSeal } from '../../flow/transactions.ts'
import { type Standing, standingOf } from './standing.ts'
import type { RotationPending } from './types.ts'
import { accountNow, type World } from './world.ts'

/**
 * - `spent`: its sequence number is used, so what it could do is to be seen on the account by now.
 * - `expired`, `revoked`: it was not executed, and no block can take it any more: it is too old, or the
 *   key that proposes it is revoked.
 * - `alive`: it may yet be executed.
 */
export type Fate = 'spent' | 'expired' | 'revoked' | 'alive'

const POLL_MS = 250

/** @param account - Of one block, so that number and keys belong together. */
export async function fateOf(
  world: World,
  account: Account,
  { proposalKey }: Transaction,
  { referenceHeight }: RotationPending,
): Promise<Fate> {
  const { node, address, transactionExpiry, signal } = world
  const { keyIndex, sequenceNumber } = proposalKey
  const key = account.keys.find(({ index }) => index === keyIndex)
  if (key !== undefined && key.sequenceNumber > sequenceNumber) return 'spent'
  if (key?.revoked === true) return 'revoked'
  const { height } = await readLatestHeader(node, 'sealed', { signal })
  if (height <= referenceHeight + transactionExpiry) return 'alive'
  // At that block, since another node behind the same name may have answered before.
  const at = { height, signal }
  const then = await readAccountKey(node, address, keyIndex, at).catch(() => undefined)
  return then?.sequenceNumber === sequenceNumber ? 'expired' : 'alive'
}

/** What is not known is thrown. `look`: its number is used, and the account tells by what. */
export type Certain =
  | Exclude<Settled, { readonly kind: 'unclear' }>
  | { readonly kind: 'look'; readonly error: unknown }

/** The first time. @throws {SignerError} `ROTATION_UNSETTLED`. */
export async function sendFirst(
  world: World,
  transaction: Transaction,
  pending: RotationPending,
): Promise<Certain> {
  world.signal?.throwIfAborted()
  // Others may have sent it, and what this node says then is not all there is to say.
  if (pending.shared === true) return sendAgain(world, transaction, pending)
  return certain(world, transaction, pending, () =>
    settleResending(world, transaction, pending, { isFirst: true }),
  )
}

/** The same bytes, when the chain does not know them. @throws {SignerError} `ROTATION_UNSETTLED`. */
export async function sendAgain(
  world: World,
  transaction: Transaction,
  pending: RotationPending,
): Promise<Certain> {
  const { node, timeoutMs, signal } = world
  const { transactionId: id } = pending
  return certain(world, transaction, pending, async () => {
    if ((await readSingleResult(node, id, { signal })).kind !== 'unknown') {
      const { events } = await waitForSeal(node, id, { timeoutMs, signal })
      return { kind: 'sealed', events }
    }
    return settleResending(world, transaction, pending, { isFirst: false })
  })
}

/** So long the chain may not know it before it is sent again, in milliseconds; doubled each time. */
const RESEND_MS = 2_000

/**
 * Everybody waits meanwhile, so bytes that did not arrive are sent again as long as the chain does not
 * know them: the same ones, which can be executed once.
 */
async function settleResending(
  { node, timeoutMs, signal }: World,
  transaction: Transaction,
  { transactionId: id }: RotationPending,
  { isFirst }: { readonly isFirst: boolean },
): Promise<Settled> {
  const deadline = performance.now() + timeoutMs
  const leftMs = () => Math.max(1, Math.ceil(deadline - performance.now()))
  for (let [sliceMs, isAgain] = [RESEND_MS, !isFirst]; ; [sliceMs, isAgain] = [2 * sliceMs, true]) {
    const slice = { timeoutMs: Math.min(sliceMs, leftMs()), signal }
    const settled = await settleTransaction(node, transaction, slice)
    // A refusal now says nothing of the first time.
    if (isAgain && settled.kind === 'nothing' && !isOfChain(settled.error))
      return { kind: 'unclear', error: settled.error }
    const isUnknown =
      settled.kind === 'unclear' && isSignerError(settled.error, 'TRANSACTION_UNSETTLED')
    if (!isUnknown || signal?.aborted || performance.now() >= deadline) return settled
    if ((await readSingleResult(node, id, { signal })).kind === 'unknown') continue
    const { events } = await waitForSeal(node, id, { timeoutMs: leftMs(), signal })
    return { kind: 'sealed', events }
  }
}

const isOfChain = (error: unknown) =>
  isSignerError(error, 'TRANSACTION_FAILED') || isSignerError(error, 'TRANSACTION_EXPIRED')

async function certain(
  world: World,
  transaction: Transaction,
  pending: RotationPending,
  run: () => Promise<Settled>,
): Promise<Certain> {
  const settled = await run().catch((error: unknown): Settled => ({ kind: 'unclear', error }))
  if (settled.kind !== 'unclear') return settled
  const { error } = settled
  const unsettled = unsettledError(world, pending, codeOf(error), error)
  if (world.signal?.aborted) throw unsettled
  // What it failed with may be that its number was used: the account tells by what.
  if (isOfChain(error)) await seenOnChain(world, transaction)
  const fate = await accountNow(world)
    .then((account) => fateOf(world, account, transaction, pending))
    .catch(() => 'alive' as const)
  if (fate === 'alive') throw unsettled
  return { kind: fate === 'spent' ? 'look' : 'nothing', error }
}

export const unsettledError = (
  { address }: Pick<World, 'address'>,
  { purpose, transactionId }: RotationPending,
  reason: string,
  cause?: unknown,
): SignerError =>
  new SignerError('ROTATION_UNSETTLED', { address, purpose, transactionId, reason }, { cause })

/** Until the account shows that the number is used. */
export async function seenOnChain(world: World, { proposalKey }: Transaction): Promise<void> {
  await accountWhen(world, ({ keys }) => {
    const key = keys.find(({ index }) => index === proposalKey.keyIndex)
    return key !== undefined && key.sequenceNumber > proposalKey.sequenceNumber
  })
}

/** As `accountWhen`, by the standing of the rotation. */
export const accountWith = (
  world: World,
  isSo: (standing: Standing) => boolean,
): Promise<Account> =>
  accountWhen(world, (account) => isSo(standingOf(account, world.progress.current())))

/** Nodes behind one name are some blocks apart. */
const LAG_MS = 30_000

/** @returns The account when it is so, or as it is when the time is over. */
async function accountWhen(world: World, isSo: (account: Account) => boolean): Promise<Account> {
  const { timeoutMs, signal } = world
  const started = performance.now()
  for (;;) {
    const account = await accountNow(world)
    if (isSo(account)) return account
    if (performance.now() - started >= Math.min(timeoutMs, LAG_MS)) return account
    await pause(POLL_MS, signal)
  }
}

/** An access node refuses a transaction so many blocks before its end. @see `readExpiry` */
const ADMISSION_BUFFER_BLOCKS = 30

/**
 * @param transactionExpiry - In blocks.
 * @returns How many blocks are left in which an access node takes it.
 */
export async function blocksLeftOf(
  { node, signal }: Pick<World, 'node' | 'signal'>,
  { referenceHeight }: RotationPending,
  transactionExpiry: number,
): Promise<number> {
  const { height } = await readLatestHeader(node, 'final', { signal })
  const buffer = Math.min(ADMISSION_BUFFER_BLOCKS, Math.floor(transactionExpiry / 20))
  return Math.max(0, transactionExpiry - buffer - Math.max(0, height - referenceHeight))
}
