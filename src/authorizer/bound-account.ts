/** Which signer holds which key of an account: decided by public key, never by position. @module */

import { REQUIRED_WEIGHT } from '../crypto/account-key-rlp.ts'
import {
  type HashAlgorithm,
  isHashAlgorithm,
  isSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../crypto/algorithms.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { isPassing, SignerError } from '../errors.ts'
import { type AccountKey, readAccount } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { Signer } from '../signers/signer.ts'
import { findRotated, type Rotated } from './rotated.ts'

/** A public key, as put on an account, and the signer that holds it. */
export type FlowPublicKey = {
  /** 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signerId: string
}

/** An account key that can sign: not revoked, with a hash that we compute, held by a signer. */
export type BoundKey = {
  readonly address: string
  readonly keyIndex: number
  readonly weight: number
  readonly hashAlgorithm: HashAlgorithm
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly publicKey: string
  /** All that hold this key, for example one key in two Regions; the first that answers signs. */
  readonly signers: readonly Signer[]
}

/** An account as it was when its keys were read. */
export type BoundAccount = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  /** All keys on chain, by index. */
  readonly keys: readonly AccountKey[]
  /** Those that can sign, by index. */
  readonly held: ReadonlyMap<number, BoundKey>
  /** False when a signer did not tell its public key: it may hold keys as well. */
  readonly complete: boolean
  /** Those of ours that were rotated away, where all signers told their keys. */
  readonly rotated?: Rotated | undefined
}

/** @returns The public key of each signer, in the order of the signers. */
export async function readPublicKeys(
  signers: readonly Signer[],
  signal?: AbortSignal,
): Promise<readonly FlowPublicKey[]> {
  return Promise.all(signers.map((signer) => readPublicKey(signer, signal)))
}

async function readPublicKey(signer: Signer, signal?: AbortSignal): Promise<FlowPublicKey> {
  const { bytes, algorithm } = await signer.publicKey(signal === undefined ? {} : { signal })
  return { publicKey: bytesToHex(bytes), signatureAlgorithm: algorithm, signerId: signer.id }
}

/**
 * Reads the account's keys and binds each to the signers with the same public key and curve.
 *
 * @throws {SignerError} `NO_KEY_HELD` when none is held; those of `readAccount` and of the signers.
 */
export async function bindAccount(
  node: NodeConnection,
  address: string,
  signers: readonly Signer[],
  signal?: AbortSignal,
): Promise<BoundAccount> {
  const [account, answers] = await Promise.all([
    readAccount(node, address, { signal }),
    Promise.allSettled(signers.map((signer) => readPublicKey(signer, signal))),
  ])
  signal?.throwIfAborted()
  const publicKeys = answers.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
  const failures = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  const lasting = failures.find((thrown) => !isPassing(thrown))
  if (lasting !== undefined) throw lasting
  const holdersOf = (key: AccountKey) =>
    signers.filter((_, index) => {
      const candidate = publicKeys[index]
      return (
        candidate?.publicKey === key.publicKey &&
        candidate.signatureAlgorithm === key.signatureAlgorithm
      )
    })
  const held = new Map<number, BoundKey>()
  for (const key of account.keys) {
    const bound = bindKey(account.address, key, holdersOf(key))
    if (bound !== undefined) held.set(key.index, bound)
  }
  // One Region that is down need not stop another that holds the same key.
  const weight = [...held.values()].reduce((sum, key) => sum + key.weight, 0)
  if (failures.length > 0 && weight < REQUIRED_WEIGHT) throw failures[0]
  if (held.size === 0 && !account.keys.some((key) => holdersOf(key).length > 0))
    throw new SignerError('NO_KEY_HELD', {
      address: account.address,
      signerIds: signers.map(({ id }) => id),
    })
  const complete = failures.length === 0
  const rotated = complete
    ? findRotated(account.keys, (key) => holdersOf(key).length > 0)
    : undefined // one that did not tell its key may hold the new one
  return { address: account.address, keys: account.keys, held, complete, rotated }
}

function bindKey(address: string, key: AccountKey, signers: readonly Signer[]) {
  const { index: keyIndex, weight, hashAlgorithm, publicKey, signatureAlgorithm } = key
  if (key.revoked || signers.length === 0) return undefined
  if (!isHashAlgorithm(hashAlgorithm) || !isSignatureAlgorithm(signatureAlgorithm)) return undefined
  return { address, keyIndex, weight, hashAlgorithm, signatureAlgorithm, publicKey, signers }
}
