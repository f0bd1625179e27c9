/** The keys of an account as the four transactions change them, each refusal of theirs an error. @module */

import type { Account, AccountKey } from '../../../../src/flow/accounts.ts'
import type { RotationKey } from '../../../../src/provisioning/rotation/types.ts'

/** @param before - Stays as it is. */
export function keyModel(before: Account) {
  const keys: AccountKey[] = before.keys.map((key) => ({ ...key }))

  const refuse = (reason: string): never => {
    throw new Error(reason)
  }
  const at = (index: number): AccountKey => keys[index] ?? refuse(`no key ${index}`)
  function add(key: RotationKey, weight: number, firstIndex: number): void {
    if (keys.length !== firstIndex) refuse(`the next key is ${keys.length}, not ${firstIndex}`)
    keys.push({ ...key, index: firstIndex, weight, sequenceNumber: 0n, revoked: false })
  }
  function revoke(index: number, publicKey: string): AccountKey {
    const key = at(index)
    if (key.revoked) refuse(`key ${index} is revoked`)
    if (key.publicKey !== publicKey) refuse(`key ${index} has another public key`)
    keys[index] = { ...key, revoked: true }
    return key
  }

  return {
    account: (): Account => ({ ...before, keys: [...keys] }),
    /** How a transaction of the new key shows that it signs. */
    propose(index: number, publicKey: string): void {
      const key = at(index)
      if (key.revoked || key.publicKey !== publicKey) refuse(`key ${index} may not propose`)
    },
    addKeys(key: RotationKey, count: number, firstIndex: number): void {
      for (let added = 0; added < count; added++) add(key, 0, firstIndex + added)
    },
    swap(
      old: { readonly keyIndex: number; readonly publicKey: string; readonly weight: number },
      newKey: RotationKey,
      firstIndex: number,
      copies: readonly number[],
    ): void {
      if (revoke(old.keyIndex, old.publicKey).weight !== old.weight) refuse('another weight')
      for (const copy of copies)
        if (revoke(copy, old.publicKey).weight !== 0) refuse(`copy ${copy} carries weight`)
      add(newKey, old.weight, firstIndex)
    },
    revokeKeys(publicKey: string, indexes: readonly number[], keepers: readonly number[]): void {
      if (indexes.length === 0) refuse('none is revoked')
      for (const index of indexes) revoke(index, publicKey)
      if (new Set(keepers).size !== keepers.length) refuse('a keeper is named twice')
      const weight = keepers.map(at).reduce((sum, key) => {
        if (key.revoked) refuse(`keeper ${key.index} is revoked`)
        return sum + key.weight
      }, 0)
      if (weight < 1000) refuse(`the keepers weigh ${weight}`)
    },
    restore(
      newKey: RotationKey,
      revoked: { readonly keyIndex: number; readonly weight: number },
      firstIndex: number,
    ): void {
      const key = at(revoked.keyIndex)
      if (!key.revoked || key.weight !== revoked.weight) refuse('nothing to restore')
      add(newKey, revoked.weight, firstIndex)
    },
  }
}
