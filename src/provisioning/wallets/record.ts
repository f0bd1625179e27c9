/** What a book holds, as text: strict, so that what is damaged is found before it is used. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { isHashAlgorithm, isSignatureAlgorithm } from '../../crypto/algorithms.ts'
import { SignerError } from '../../errors.ts'
import { isWalletId } from '../../signers/sealed-key/wallet-id.ts'
import type { ListedWallet, Wallet, WalletBatch, WalletKey, WalletRun } from './book.ts'

const VERSION = 1

/** Of one wallet, in bytes. It has about 500. */
export const MAX_WALLET_BYTES = 2_000
/** Of a run with a transaction of 30 accounts: about 40,000. */
export const MAX_RUN_BYTES = 200_000

type Fields = Readonly<Record<string, unknown>>

export const encodeWallet = (wallet: Wallet): string => {
  const { id, chainId, address, publicKey, signatureAlgorithm, hashAlgorithm } = wallet
  const key = { publicKey, signatureAlgorithm, hashAlgorithm }
  const { transactionId } = wallet
  return JSON.stringify({ version: VERSION, id, chainId, address, ...key, transactionId })
}

/**
 * @param id - Under which it was found.
 * @throws {SignerError} `WALLET_RECORD_INVALID` for anything but the record of this wallet.
 */
export function decodeWallet(id: string, text: string): Wallet {
  const fields = fieldsOf(text)
  const key = keyOf(fields)
  const { version, chainId, address, transactionId } = fields ?? {}
  const isWhole =
    version === VERSION && key?.id === id && isChain(chainId) && isTransactionId(transactionId)
  if (!isWhole || !isAddress(address)) throw new SignerError('WALLET_RECORD_INVALID', { id })
  return Object.freeze({ ...key, chainId, address, transactionId })
}

/** As `decodeWallet`, for lists: one damaged record must not hide the others. */
export function listedWallet(id: string, text: string): ListedWallet {
  try {
    return decodeWallet(id, text)
  } catch {
    return Object.freeze({ id, invalid: true })
  }
}

export const encodeRun = ({ revision, chainId, batch }: WalletRun): string =>
  JSON.stringify({ version: VERSION, revision, chainId, ...(batch && { batch }) })

/** @throws {SignerError} `WALLET_RECORD_INVALID` with the id `run`. */
export function decodeRun(text: string): WalletRun {
  const { version, revision, chainId, batch: given } = fieldsOf(text) ?? {}
  const batch = given === undefined ? undefined : batchOf(given)
  const isBatch = given === undefined || batch !== undefined
  const isWhole = version === VERSION && Number.isSafeInteger(revision) && isChain(chainId)
  if (!isWhole || !isBatch) throw new SignerError('WALLET_RECORD_INVALID', { id: 'run' })
  return { revision: Number(revision), chainId, ...(batch && { batch }) }
}

function batchOf(value: unknown): WalletBatch | undefined {
  const { transaction, transactionId, wallets } = asFields(value) ?? {}
  const keys = Array.isArray(wallets) ? wallets.map((one: unknown) => keyOf(asFields(one))) : []
  const whole = keys.filter((key) => key !== undefined)
  const isHex = typeof transaction === 'string' && /^([0-9a-f]{2})+$/.test(transaction)
  if (!isHex || !isTransactionId(transactionId) || whole.length === 0) return undefined
  return whole.length === keys.length ? { transaction, transactionId, wallets: whole } : undefined
}

function keyOf(fields: Fields | undefined): WalletKey | undefined {
  const { id, publicKey, signatureAlgorithm, hashAlgorithm } = fields ?? {}
  if (!isWalletId(id)) return undefined
  if (typeof publicKey !== 'string' || !/^[0-9a-f]{128}$/.test(publicKey)) return undefined
  if (!isSignatureAlgorithm(signatureAlgorithm) || !isHashAlgorithm(hashAlgorithm)) return undefined
  return { id, publicKey, signatureAlgorithm, hashAlgorithm }
}

const isChain = (value: unknown): value is string =>
  typeof value === 'string' && /^[a-z0-9-]{1,40}$/.test(value)

const isTransactionId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

const isAddress = (value: unknown): value is string =>
  typeof value === 'string' && /^0x[0-9a-f]{16}$/.test(value) && normalizeAddress(value) === value

function fieldsOf(text: string): Fields | undefined {
  try {
    return asFields(JSON.parse(text))
  } catch {
    return undefined
  }
}

const asFields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? { ...value } : undefined
