/** From the bytes of a store to the private key, for as long as one function runs. @module */

import { createHash } from 'node:crypto'
import { equalBytes } from '../../crypto/bytes.ts'
import type { Opener } from './data-key-cache.ts'
import { invalidKey, type Unwrapped } from './data-keys.ts'
import { openScalar } from './envelope.ts'
import { publicKeyOf, type ScalarPair, scalarOfPkcs8 } from './private-key.ts'
import { parseRecord, type SealedRecord } from './record.ts'

/**
 * @param keyArns - Of the KMS keys that may have wrapped it.
 * @returns The record of this wallet.
 * @throws {SignerError} `SEALED_KEY_INVALID` for anything else.
 */
export function readRecord(
  id: string,
  bytes: Uint8Array,
  keyArns?: readonly string[],
): SealedRecord {
  const record = parseRecord(bytes)
  if (record?.id !== id) throw invalidKey(id)
  if (keyArns !== undefined && !keyArns.includes(record.keyArn)) throw invalidKey(id)
  if (record.form === 'key-pair' && !equalBytes(checksumOf(record.header), record.body))
    throw invalidKey(id)
  return record
}

/** Shows damage, and no more: what KMS wrapped is authenticated by KMS. */
export const checksumOf = (header: Uint8Array): Uint8Array =>
  createHash('sha256').update(header).digest()

/** What a record is opened with. */
export type Opening = {
  readonly opener: Opener
  /** Of `boundContext`. */
  readonly context: Uint8Array
}

/**
 * @param use - Runs to its end before anything else does; the private key is overwritten after it.
 * @throws {SignerError} `SEALED_KEY_INVALID`, and the codes of KMS.
 */
export function withPrivateKey<T>(
  { opener, context }: Opening,
  record: SealedRecord,
  use: (pair: ScalarPair) => T,
  signal?: AbortSignal,
): Promise<{ readonly value: T; readonly call?: Omit<Unwrapped, 'plaintext'> }> {
  const { id, form, algorithm, publicKey } = record
  return opener.open(
    record,
    (plaintext) => {
      const scalar =
        form === 'data-key'
          ? openScalar(plaintext, { ...record, context })
          : scalarOfPkcs8(plaintext, algorithm, publicKey)
      if (scalar === undefined) throw invalidKey(id)
      try {
        return use({ scalar, publicKey })
      } finally {
        scalar.fill(0)
      }
    },
    signal,
  )
}

/** @throws {SignerError} `SEALED_KEY_INVALID` unless the private key is the one of the public key. */
export function assertPair({ id, algorithm, publicKey }: SealedRecord, pair: ScalarPair): void {
  const derived = publicKeyOf(pair.scalar, algorithm)
  if (derived === undefined || !equalBytes(derived, publicKey)) throw invalidKey(id)
}
