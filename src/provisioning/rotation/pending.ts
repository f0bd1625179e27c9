/**
 * One transaction of a rotation at a time: signed, stored, sent, and settled before another is signed.
 * What happened is read from the chain, whatever the record says.
 * @module
 */

import type { BoundAccount } from '../../authorizer/bound-account.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import {
  encodeTransaction,
  type TransactionPayload,
  transactionId,
} from '../../crypto/transaction.ts'
import { codeOf, SignerError } from '../../errors.ts'
import { readLatestBlock } from '../../flow/access-node.ts'
import { type Account, readAccountKey } from '../../flow/accounts.ts'
import type { Signer } from '../../signers/signer.ts'
import { drop, givingUp } from './given-up.ts'
import {
  type Certain,
  fateOf,
  seenOnChain,
  sendAgain,
  sendFirst,
  unsettledError,
} from './settle.ts'
import { takeSigned, transactionOf } from './signatures.ts'
import { type Hands, missingIn, readHands, signWith } from './signing.ts'
import { assertPlanned } from './standing.ts'
import type { RotationPending, RotationPurpose } from './types.ts'
import { accountNow, type World } from './world.ts'

/** What a step wants the chain to have, and the transaction that brings it. */
export type Task = {
  readonly purpose: RotationPurpose
  /** How much of it is not there yet; 0: all is. It shrinks with each transaction. */
  readonly left: (account: Pick<Account, 'keys'>) => number
  /** @returns The index of the key that proposes. */
  readonly proposer: (hands: Hands) => number
  readonly build: (base: {
    readonly account: BoundAccount
    readonly referenceBlockId: Uint8Array
    readonly proposalKey: TransactionPayload['proposalKey']
  }) => TransactionPayload
  /** Of the new key, where it proposes. */
  readonly newSigner?: Signer
  /** Signed by all, and not sent. */
  readonly only?: 'sign'
  /**
   * Whatever is pending is to have no effect: the transaction of this task takes its proposal key and
   * sequence number, so that the network executes one of the two. The weights may be any.
   */
  readonly takesOver?: true
  /** Whether it does nothing but take a number, for which nobody is asked to sign. */
  readonly isWorthless?: (account: Pick<Account, 'keys'>) => boolean
  /** Before the first POST, when all is signed. @returns False when it is not to be sent now. */
  readonly beforeSending?: () => Promise<boolean>
}

/**
 * - `there`: the chain has it.
 * - `signed`: with `only: 'sign'`, all have signed.
 * - `waiting`: others have to sign.
 * - `held-back`: `beforeSending` said no, or what others signed is of no use any more.
 */
export type TaskOutcome =
  | { readonly kind: 'there'; readonly account: Account; readonly transactionId?: string }
  | { readonly kind: 'signed' | 'waiting' | 'held-back' }

/** How often one run signs anew what had no effect. */
const MAX_TRIES = 3
/** A transaction that is nearer to its end is signed anew where nobody else has it. */
const leastBlocks = ({ transactionExpiry }: World) => Math.floor(transactionExpiry / 10)

/**
 * @throws {SignerError} `ROTATION_UNSETTLED`, `ROTATION_WEIGHTS_CHANGED`, `ROTATION_TAKEN`; what the last
 * transaction failed with when three had no effect; what others signed wrongly; the codes of access
 * node, signers and store.
 */
export async function bringAbout(world: World, task: Task): Promise<TaskOutcome> {
  let tries = 0
  let least = Number.POSITIVE_INFINITY
  let failure: unknown
  let lastId: string | undefined
  let sealedId: string | undefined
  for (;;) {
    const account = await accountNow(world)
    const left = task.left(account)
    const { pending } = world.progress.current()
    if (left === 0) {
      const id = lastId ?? (pending?.purpose === task.purpose ? pending.transactionId : undefined)
      return { kind: 'there', account, ...(id === undefined ? {} : { transactionId: id }) }
    }
    if (task.takesOver !== true) assertPlanned(account, world.progress.current())
    if (left < least) tries = 0
    least = Math.min(left, least)
    if (pending === undefined) {
      if (tries === MAX_TRIES) throw failure ?? withoutEffect(world, task, lastId)
      tries += 1
      await signAnew(world, task)
      continue
    }
    const transaction = transactionOf(pending)
    const fate = await fateOf(world, account, transaction, pending)
    if (fate !== 'alive') {
      const isDone = pending.transactionId === sealedId
      await drop(world, pending, isDone ? 'sealed' : fate)
      failure ??= new SignerError('TRANSACTION_EXPIRED', { transactionId: pending.transactionId })
      continue
    }
    if (task.takesOver === true && pending.purpose !== task.purpose) {
      if (mayBeElsewhere(pending)) await signAnew(world, task, pending)
      else await drop(world, pending, { because: 'it was not sent' })
      continue
    }
    if (pending.state === 'sent') {
      lastId = pending.transactionId
      const settled = await sendAgain(world, transaction, pending)
      failure = await conclude(world, pending, settled)
      if (settled.kind === 'sealed') sealedId = lastId
      continue
    }
    const signed = await takeSigned(world, pending, transaction)
    if (signed === undefined) return { kind: 'waiting' }
    if (signed.blocksLeft < leastBlocks(world) && !mayBeElsewhere(pending) && tries < MAX_TRIES) {
      tries += 1
      await signAnew(world, task, pending)
      continue
    }
    if (task.only === 'sign') return { kind: 'signed' }
    if ((await task.beforeSending?.()) === false) return { kind: 'held-back' }
    lastId = signed.pending.transactionId
    await world.progress.save({ pending: { ...signed.pending, state: 'sent' } })
    const settled = await sendFirst(world, signed.transaction, signed.pending)
    failure = await conclude(world, signed.pending, settled)
    if (settled.kind === 'sealed') sealedId = lastId
  }
}

const withoutEffect = ({ address }: World, { purpose }: Task, transactionId = '') =>
  new SignerError('ROTATION_UNSETTLED', {
    address,
    purpose,
    transactionId,
    reason: 'it is sealed, and the account does not show what it did',
  })

/** @returns What it failed with, if it did; the account tells the rest. */
async function conclude(world: World, pending: RotationPending, settled: Certain) {
  if (settled.kind === 'sealed') await seenOnChain(world, transactionOf(pending))
  if (settled.kind === 'nothing') await drop(world, pending, { because: codeOf(settled.error) })
  return settled.kind === 'sealed' ? undefined : settled.error
}

/** One that is only stored here can be forgotten. */
const mayBeElsewhere = ({ shared, state }: RotationPending) => shared === true || state === 'sent'

/** @param instead - Of which it takes the proposal key and the number: one of the two is executed. */
async function signAnew(world: World, task: Task, instead?: RotationPending): Promise<void> {
  const { node, address, progress, signal } = world
  const hands = await readHands(world, task.newSigner)
  const { account } = hands
  if (task.takesOver !== true) assertPlanned({ ...account, balance: 0n }, progress.current())
  if (task.left(account) === 0) return
  const taken = instead === undefined ? undefined : transactionOf(instead).proposalKey
  const keyIndex = taken?.keyIndex ?? task.proposer(hands)
  const [block, now] = await Promise.all([
    readLatestBlock(node, { signal }),
    readAccountKey(node, address, keyIndex, { signal }),
  ])
  const proposalKey = { address, keyIndex, sequenceNumber: now.sequenceNumber, ...taken }
  if (instead !== undefined && !account.held.has(keyIndex))
    throw unsettledError(world, instead, untilOf(world, instead))
  const payload = task.build({ account, referenceBlockId: block.id, proposalKey })
  const transaction = await signWith(world, hands, payload)
  signal?.throwIfAborted()
  const missing = missingIn(transaction, hands)
  const id = transactionId(transaction)
  const isReady = missing === ''
  if (instead !== undefined && !isReady && task.isWorthless?.(account) === true)
    throw unsettledError(world, instead, untilOf(world, instead))
  await progress.save(
    {
      ...givingUp(world, instead),
      pending: {
        purpose: task.purpose,
        transaction: bytesToHex(encodeTransaction(transaction)),
        transactionId: id,
        state: isReady ? 'signed' : 'signing',
        referenceHeight: block.height,
        ...(isReady ? {} : { missing, shared: true as const }),
      },
    },
    isReady ? undefined : { text: `Others have to sign the transaction: ${missing}.` },
  )
}

const untilOf = ({ transactionExpiry }: World, { referenceHeight }: RotationPending) =>
  `others may send it until block ${referenceHeight + transactionExpiry}: run it again after that`
