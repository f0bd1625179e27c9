/** Signs with the sealed key of one wallet, opened for one signature at a time. @module */

import { equalBytes } from '../../crypto/bytes.ts'
import { importPublicKey } from '../../crypto/verify.ts'
import { SignerError } from '../../errors.ts'
import type { Signer, SignerPublicKey } from '../signer.ts'
import { createVerifiedSigner } from '../verified-signer.ts'
import { withSignal } from './creation.ts'
import { invalidKey } from './data-keys.ts'
import type { SealedKeyStore } from './key-store.ts'
import { assertPair, type Opening, readRecord, withPrivateKey } from './opening.ts'
import { type ScalarPair, signByScalar } from './private-key.ts'
import type { SealedRecord } from './record.ts'

/** What signing works with. */
export type SigningTools = Opening & {
  readonly store: Required<SealedKeyStore>
  /** KMS keys that a record may be under. Any, when they are left out. */
  readonly keyArns?: readonly string[]
}

/** @throws {SignerError} `SEALED_KEY_NOT_FOUND`, `SEALED_KEY_INVALID`, and the codes of stores. */
export async function loadRecord(
  { store, keyArns }: Omit<SigningTools, keyof Opening>,
  id: string,
  signal: AbortSignal | undefined,
): Promise<SealedRecord> {
  const bytes = await store.read(id, withSignal(signal))
  if (bytes === undefined) throw new SignerError('SEALED_KEY_NOT_FOUND', { id })
  return readRecord(id, bytes, keyArns)
}

/**
 * Reads its record for each signature, so that a wallet that was forgotten signs no more and one that
 * was wrapped anew goes on. The public key is pinned: once known, no other is accepted.
 *
 * `publicKey` opens the record once, since the header alone says what anybody who can write to the store
 * may have put there. A signature proves the same, so the first one does not wait for that.
 */
export function createSealedSigner(tools: SigningTools, id: string): Signer {
  let pinned: SignerPublicKey | undefined
  /** The record whose private key is that of the public key; its commitment lets no other open. */
  let proved: Uint8Array | undefined

  async function load(signal?: AbortSignal): Promise<SealedRecord> {
    const record = await loadRecord(tools, id, signal)
    const { algorithm, publicKey } = record
    const same = pinned ?? { algorithm, bytes: publicKey.slice() }
    if (same.algorithm !== algorithm || !equalBytes(same.bytes, publicKey)) throw invalidKey(id)
    return record
  }

  /** Before anything is done with it: what is opened is the key of this wallet. */
  function prove(record: SealedRecord, pair: ScalarPair): void {
    const bytes = Buffer.concat([record.header, record.body])
    if (proved !== undefined && equalBytes(proved, bytes)) return
    assertPair(record, pair)
    proved = bytes
  }

  function pin({ algorithm, publicKey }: SealedRecord): SignerPublicKey {
    pinned ??= { algorithm, bytes: publicKey.slice() }
    return pinned
  }

  const signer: Signer = {
    id: `sealed-key:${id}`,
    async publicKey() {
      if (pinned !== undefined && proved !== undefined) return pinned
      const record = await load()
      await withPrivateKey(tools, record, (pair) => prove(record, pair))
      return pin(record)
    },
    async sign({ message, hashAlgorithm, signal, onReport }) {
      const record = await load(signal)
      const { algorithm, keyArn } = record
      const { value, call } = await withPrivateKey(
        tools,
        record,
        (pair) => {
          prove(record, pair)
          return signByScalar(pair, algorithm, message, hashAlgorithm)
        },
        signal,
      )
      if (call !== undefined) {
        const { attempts, requestId } = call
        onReport?.({ attempts, keyId: keyArn, ...(requestId === undefined ? {} : { requestId }) })
      }
      return value
    },
  }
  const key = async () => {
    const record = await load()
    const key = verifyingKey(record)
    return { ...pin(record), key }
  }
  return createVerifiedSigner(signer, {}, { key })
}

/** @throws {SignerError} `SEALED_KEY_INVALID` for a point that is not on its curve. */
function verifyingKey({ id, algorithm, publicKey }: SealedRecord) {
  try {
    return importPublicKey(publicKey, algorithm)
  } catch {
    throw invalidKey(id)
  }
}
