/** How an old sealed key ends: its record is forgotten. @module */

import { isSignerError, SignerError } from '../../../errors.ts'
import { assertKnownKeys, invalid } from '../../../options.ts'
import type { SealedKeys } from '../../../signers/sealed-key/sealed-keys.ts'
import { isWalletId } from '../../../signers/sealed-key/wallet-id.ts'
import type { KeyRetirement, RetirementCheck, UnusedAnswer } from '../types.ts'
import { assertSealedKeys } from '../vaults/sealed-key-vault.ts'
import { type AccountOptions, accountsOf, accountThatHas } from './account-uses.ts'
import { DAY_MS, shownTime, unusedDays, type WaitingOptions } from './waiting.ts'

/** Options of `sealedKeyRetirement`. */
export type SealedKeyRetirementOptions = AccountOptions &
  WaitingOptions & {
    /** At least one: a record has no tags that would name them. */
    readonly addresses: readonly string[]
  }

/**
 * Forgets a wallet's record when none of `addresses` has its key unrevoked, and `unusedForDays` have
 * passed since the chain revoked it: who still signs with a wallet, nobody records. There is no alias,
 * and nothing to disable. Copies that a store keeps (versions of a bucket, backups) are not reached.
 * Makes no call itself.
 *
 * @param id - Of the old wallet.
 * @returns `remove` rejects with `KEY_STILL_USED`, and with the codes of stores and of access nodes.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`.
 */
export function sealedKeyRetirement(
  keys: SealedKeys,
  id: string,
  options: SealedKeyRetirementOptions,
): KeyRetirement {
  assertSealedKeys(keys)
  if (!isWalletId(id)) throw invalid('id', 'it is not 1 to 80 letters, digits and . _ : @ + = -')
  assertKnownKeys(options, ['accessNode', 'chainId', 'addresses', 'unusedForDays'])
  const accounts = accountsOf(options)
  if (accounts.addresses.length === 0)
    throw invalid('addresses', 'it names no account, so that nothing would be asked of the chain')
  const periodMs = unusedDays(options) * DAY_MS

  const unused = ({ revokedAt }: RetirementCheck): UnusedAnswer => {
    const until = revokedAt + periodMs
    if (Date.now() >= until) {
      const text = `The chain revoked ${id} ${periodMs / DAY_MS} days ago, or longer.`
      return { unused: true, note: { done: true, text } }
    }
    const reason = `the chain revoked it at ${shownTime(revokedAt)}: wait until ${shownTime(until)}`
    return { unused: false, askAgainAt: until, reason }
  }

  return Object.freeze({
    kind: 'sealed-key',
    reference: id,
    async disable() {
      const text = `${id} was left: a sealed key cannot be disabled, only forgotten.`
      return Object.freeze({ done: false, text })
    },
    unused: async (check) => unused(check),
    async remove(check) {
      const { signal } = check
      const asked = signal === undefined ? {} : { signal }
      const found = await keys.describe(id, asked).catch((thrown: unknown) => {
        if (isSignerError(thrown, 'SEALED_KEY_NOT_FOUND')) return undefined
        throw thrown
      })
      if (found === undefined)
        return Object.freeze({ done: true, text: `The store has no record of ${id} any more.` })
      const { publicKey, signatureAlgorithm } = found
      const key = { publicKey, signatureAlgorithm }
      const reason = await accountThatHas(accounts, { key, tagged: [], signal })
      if (reason !== undefined) throw new SignerError('KEY_STILL_USED', { reference: id, reason })
      const answer = unused(check)
      if (!answer.unused)
        throw new SignerError('KEY_STILL_USED', { reference: id, reason: answer.reason })
      await keys.forget(id, asked)
      return Object.freeze({ done: true, text: `${id} is forgotten.` })
    },
  } satisfies KeyRetirement)
}
