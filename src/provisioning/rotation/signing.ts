/** Signs a transaction of a rotation with all that this process holds, and no more than is needed. @module */

import { type BoundAccount, type BoundKey, bindAccount } from '../../authorizer/bound-account.ts'
import { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { chooseKeys } from '../../authorizer/selection.ts'
import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import type { Transaction, TransactionPayload } from '../../crypto/transaction.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import type { Signer } from '../../signers/signer.ts'
import { missingOf, partiesOf } from '../../transactions/parties.ts'
import { isSameHolder } from './holders.ts'
import type { RotationPlan } from './types.ts'
import type { World } from './world.ts'

/** The keys of the account that this process can sign with. */
export type Hands = {
  readonly account: BoundAccount
  readonly signers: readonly Signer[]
  /** Those that sign: they need not reach 1,000. The heaviest first. */
  readonly chosen: readonly BoundKey[]
}

/**
 * Reads the keys of the account anew.
 *
 * @param newSigner - Where the new key is to propose.
 * @throws {SignerError} `NO_KEY_HELD`, the codes of access node and signers.
 */
export async function readHands(world: World, newSigner?: Signer): Promise<Hands> {
  const { node, address, engine, signal } = world
  const signers = [...engine.signers, ...(newSigner === undefined ? [] : [newSigner])]
  const account = await bindAccount(node, address, signers, signal)
  return { account, signers, chosen: choose(account, world.progress.current().plan) }
}

/** In an emergency the key in other hands signs only where nothing goes without it. */
function choose(account: BoundAccount, { old, emergency, othersWeight }: RotationPlan) {
  const avoids = emergency && othersWeight >= REQUIRED_WEIGHT
  const usable = [...account.held].filter(([, key]) => !(avoids && isSameHolder(key, old)))
  try {
    return chooseKeys({ ...account, held: new Map(usable) }, {})
  } catch (thrown) {
    // The signer of the old key may be here, and another holder's not.
    const isPart = isSignerError(thrown, 'WEIGHT_TOO_LOW') || isSignerError(thrown, 'KEY_ROTATED')
    if (!isPart) throw thrown
    return usable
      .map(([, key]) => key)
      .filter(({ weight }) => weight > 0)
      .sort((one, other) => other.weight - one.weight || one.keyIndex - other.keyIndex)
  }
}

/** @throws {SignerError} `NO_KEY_HELD` when none of the keys that sign is held here. */
export function heaviestOf({ account, signers, chosen }: Hands): BoundKey {
  const [first] = chosen
  if (first !== undefined) return first
  const { address } = account
  throw new SignerError('NO_KEY_HELD', { address, signerIds: signers.map(({ id }) => id) })
}

/** @returns With the signatures of the keys chosen, and of the proposal key. */
export async function signWith(
  world: World,
  hands: Hands,
  payload: TransactionPayload,
): Promise<Transaction> {
  const { node, address, engine, signal } = world
  const { onSign, governor, replicas } = engine
  const authorizer = KmsAuthorizer.fromSigners(hands.signers, {
    accessNode: node,
    replicas,
    ...(onSign === undefined ? {} : { onSign }),
    ...(governor === undefined ? {} : { governor }),
  })
  const { keyIndex } = payload.proposalKey
  const signing = hands.chosen.map((key) => key.keyIndex)
  return authorizer.signTransaction(
    address,
    { ...payload, payloadSignatures: [], envelopeSignatures: [] },
    {
      keyIndexes: [...new Set([...signing, keyIndex])],
      ...(signal === undefined ? {} : { signal }),
    },
  )
}

/** @returns For people, whose weight is missing; empty when nothing is. */
export function missingIn(transaction: Transaction, { account }: Hands): string {
  const { address, keys } = account
  return missingOf(partiesOf(transaction, new Map([[address, { address, balance: 0n, keys }]])))
}
