/** The names of wallets, and how stores write them. @module */

import { SignerError } from '../../errors.ts'

/** What an encryption context, a record and the name of a file can all hold. */
const WALLET_ID = /^[A-Za-z0-9._:@+=-]{1,80}$/

export const isWalletId = (id: unknown): id is string =>
  typeof id === 'string' && WALLET_ID.test(id)

/** @throws {SignerError} `INVALID_OPTION`. The value is not shown. */
export function assertWalletId(id: string): void {
  if (isWalletId(id)) return
  throw new SignerError('INVALID_OPTION', {
    option: 'id',
    reason: 'it is not 1 to 80 letters, digits and . _ : @ + = -',
  })
}

/**
 * As a file or an object is called: lower-case letters, digits, `_` and `-` stand for themselves, all
 * else is `=` and two digits. So no name is a path, and none differs from another by case only.
 *
 * @returns At most 240 characters.
 */
export const nameOfWallet = (id: string): string =>
  id.replace(/[^a-z0-9_-]/g, (letter) => `=${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** @returns The id, or undefined for a name that is not one of ours. */
export function walletOfName(name: string): string | undefined {
  const id = name.replace(/=([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  return isWalletId(id) && nameOfWallet(id) === name ? id : undefined
}
