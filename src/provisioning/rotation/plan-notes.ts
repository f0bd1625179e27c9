/** A plan in sentences: who must sign, what each stop means, and what an emergency cannot have. @module */

import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import type { Account } from '../../flow/accounts.ts'
import { fewestSigners, holdersWithout, type WeightedKey, weightedKeysOf } from './holders.ts'
import type { RotationPlan } from './types.ts'

type Facts = Omit<RotationPlan, 'notes'>

/** @returns Sentences for people, each whole in itself. */
export function notesOf(plan: Facts, account: Pick<Account, 'keys'>): readonly string[] {
  const keys = weightedKeysOf(account)
  return [
    ...(plan.emergency ? emergencyNotes(plan, keys) : []),
    ...signatureNotes(plan, keys),
    ...copyNotes(plan, account),
  ]
}

function emergencyNotes(plan: Facts, keys: readonly WeightedKey[]): readonly string[] {
  const { mode, old, othersWeight } = plan
  const key = `key ${old.keyIndex}`
  const power =
    old.weight >= REQUIRED_WEIGHT
      ? `can do everything with the account alone, also revoke other keys`
      : `has ${old.weight} of the ${REQUIRED_WEIGHT} that a transaction needs, and cannot send one alone`
  const danger = `Until it is revoked, whoever has ${key} ${power}.`
  const impatience =
    'Nobody is waited for: what is under way when the key is revoked may fail on the chain.'
  if (mode === 'cut')
    return [
      `The other keys revoke ${key} first, and its weight of ${old.weight} goes to the new key later. ${danger}`,
      `From the cut to the restoring the account is signed for by the other keys: at least ${signersOf(holdersWithout(keys, old))}. In that time the rotation cannot be aborted, since the account lacks a key; it can be resumed.`,
      impatience,
    ]
  const others =
    othersWeight === 0
      ? 'no other key carries weight'
      : `the other keys weigh ${othersWeight}, less than ${REQUIRED_WEIGHT}`
  return [
    `${capital(key)} cannot be revoked first: ${others}, so every transaction needs a signature of ${key} itself, and without it nobody could sign for the account again. The new key is made and proved first, then the swap revokes ${key}. ${danger}`,
    `If ${key} can no longer sign where it lies, this account cannot be changed at all.`,
    impatience,
  ]
}

function signatureNotes({ mode, old }: Facts, keys: readonly WeightedKey[]): readonly string[] {
  const isCut = mode === 'cut'
  const needed = signersOf(isCut ? holdersWithout(keys, old) : keys)
  const proposed = isCut ? 'prove and restore' : 'prove and swap'
  const later = isCut
    ? ''
    : ` After the swap the new key signs in the place of key ${old.keyIndex}.`
  const notes = [
    `Each transaction needs at least ${needed}. Those of ${proposed} are signed by the new key too, which proposes them.${later}`,
  ]
  const meanwhile = isCut
    ? ''
    : ` While the rotation waits for a signature before the swap, key ${old.keyIndex} works as ever.`
  if (keys.length > 1)
    notes.push(
      `Where a signature of others is missing, the rotation stops and tells what to sign. From then on there are 570 blocks, about eight minutes on mainnet; a transaction that nobody completed by then does nothing, and resuming makes another.${meanwhile}`,
    )
  return notes
}

function copyNotes(plan: Facts, { keys }: Pick<Account, 'keys'>): readonly string[] {
  const { mode, old, copies, hashAlgorithm, transactions } = plan
  const count = old.copies.length
  if (count === 0) return []
  const revoking = transactions.filter(({ revokes }) => revokes > 0).length
  const more =
    revoking > 1
      ? `, in ${revoking} transactions one after the other, of which the first revokes key ${old.keyIndex} itself`
      : ''
  const notes = [
    `${copiesOf(count)} of key ${old.keyIndex} of weight 0 ${count === 1 ? 'is' : 'are'} revoked with it${more}; the new key gets ${copies}.`,
  ]
  const indexes = new Set(old.copies)
  const other = keys.filter(
    (key) => indexes.has(key.index) && key.hashAlgorithm !== old.hashAlgorithm,
  ).length
  if (other > 0)
    notes.push(
      `${copiesOf(other)} had another hash algorithm than key ${old.keyIndex}; those of the new key all have ${hashAlgorithm}.`,
    )
  if (mode === 'swap' && revoking > 1)
    notes.push(
      'Copies that are left after the swap can still propose, and authorize nothing. They are revoked before the processes go on.',
    )
  return notes
}

const copiesOf = (count: number) => (count === 1 ? '1 copy' : `${count} copies`)

/** Such as `2 signatures, of key 0 (500) and key 1 (500)`; the caller has seen that they reach 1,000. */
function signersOf(keys: readonly WeightedKey[]): string {
  const { signers = [], isOnlyChoice = true } = fewestSigners(keys) ?? {}
  const names = signers.map(({ index, weight }) => `key ${index} (${weight})`)
  const list = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((name) => name !== '')
  const count = names.length === 1 ? '1 signature' : `${names.length} signatures`
  return `${count}, ${isOnlyChoice ? '' : 'for example '}of ${list.join(' and ')}`
}

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)
