/** One signature for each key and message, however many entries of a transaction need it. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { isSignerError } from '../errors.ts'
import type { Signer, SignReport } from '../signers/signer.ts'
import type { BoundKey } from './bound-account.ts'
import { notify, type SignObserver, type SignPurpose } from './observer.ts'

/** Signs a message with a bound key. Resolves to 64 bytes that the key's public key verifies. */
export type SignOnce = (
  key: BoundKey,
  message: Uint8Array,
  purpose: () => SignPurpose,
  signal?: AbortSignal,
) => Promise<Uint8Array>

/**
 * ECDSA binds a public key and a message, not a key index: entries of one transaction that share
 * both share the signature, so a copy of a key costs no call.
 */
export function createSignOnce(observer: SignObserver | undefined): SignOnce {
  const signatures = new Map<string, Promise<Uint8Array>>()
  return (key, message, purpose, signal) => {
    const name = `${key.publicKey} ${key.hashAlgorithm} ${bytesToHex(message)}`
    const existing = signatures.get(name)
    if (existing !== undefined) return existing
    const signing = signWithAny({ key, message, purpose: purpose(), observer, signal })
    signatures.set(name, signing)
    return signing
  }
}

type Task = {
  readonly key: BoundKey
  readonly message: Uint8Array
  readonly purpose: SignPurpose
  readonly observer: SignObserver | undefined
  readonly signal: AbortSignal | undefined
}

/** The signers of one key in turn: the next one only when the last could not, for now. */
async function signWithAny(task: Task): Promise<Uint8Array> {
  let failure: unknown
  for (const signer of task.key.signers) {
    try {
      return await signObserved(signer, task)
    } catch (thrown) {
      task.signal?.throwIfAborted()
      failure = thrown
      const passing = isSignerError(thrown) && /^(retry|hold)$/.test(thrown.disposition)
      if (!passing) break
    }
  }
  throw failure
}

async function signObserved(signer: Signer, task: Task): Promise<Uint8Array> {
  const { key, message, purpose, observer, signal } = task
  const { address, keyIndex, hashAlgorithm, signatureAlgorithm } = key
  const started = performance.now()
  let report: SignReport = { attempts: 0 }
  const onReport = (reported: SignReport) => {
    report = reported
  }
  const tell = (errorCode?: string) => {
    const { attempts, requestId, keyId } = report
    notify(observer, {
      ...purpose,
      signerId: signer.id,
      ...(keyId === undefined ? {} : { backendKeyId: keyId }),
      ...(requestId === undefined ? {} : { requestId }),
      attempts,
      address,
      keyIndex,
      signatureAlgorithm,
      hashAlgorithm,
      durationMs: performance.now() - started,
      ...(errorCode === undefined ? {} : { errorCode }),
    })
  }
  try {
    const request = { message, hashAlgorithm, onReport }
    const signature = await signer.sign(signal === undefined ? request : { ...request, signal })
    tell()
    return signature
  } catch (thrown) {
    tell(isSignerError(thrown) ? thrown.code : 'OTHER')
    throw thrown
  }
}
