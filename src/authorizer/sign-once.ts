/** One signature for each key and message, however many entries of a transaction need it. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { codeOf, isPassing } from '../errors.ts'
import type { Signer, SignPace, SignReport } from '../signers/signer.ts'
import type { BoundKey } from './bound-account.ts'
import type { Engine } from './engine.ts'
import { notify, type SignPurpose } from './observer.ts'

/** Signs a message with a bound key. Resolves to 64 bytes that the key's public key verifies. */
export type SignOnce = (
  key: BoundKey,
  message: Uint8Array,
  purpose: () => SignPurpose,
  signal?: AbortSignal,
) => Promise<Uint8Array>

/** How the signers are asked, and who is told. */
export type SigningWay = Partial<Pick<Engine, 'onSign' | 'governor' | 'replicas'>>

/**
 * ECDSA binds a public key and a message, not a key index: entries of one transaction that share
 * both share the signature, so a copy of a key costs no call.
 */
export function createSignOnce(way: SigningWay): SignOnce {
  const signatures = new Map<string, Map<string, Promise<Uint8Array>>>()
  // A message may be of megabytes, and one array of them may be asked for by hundreds of keys.
  const names = new WeakMap<Uint8Array, string>()
  return (key, message, purpose, signal) => {
    const name = names.get(message) ?? bytesToHex(message)
    names.set(message, name)
    const ofMessage = signatures.get(name) ?? new Map<string, Promise<Uint8Array>>()
    signatures.set(name, ofMessage)
    const keyName = `${key.publicKey} ${key.hashAlgorithm}`
    const existing = ofMessage.get(keyName)
    if (existing !== undefined) return existing
    const signing = signWithAny({ key, message, purpose: purpose(), way, signal })
    ofMessage.set(keyName, signing)
    return signing
  }
}

type Task = {
  readonly key: BoundKey
  readonly message: Uint8Array
  readonly purpose: SignPurpose
  readonly way: SigningWay
  readonly signal: AbortSignal | undefined
}

/** The signers of one key in turn: the next one only when the last could not, for now. */
async function signWithAny(task: Task): Promise<Uint8Array> {
  let failure: unknown
  for (const signer of inOrder(task)) {
    try {
      return await signObserved(signer, task)
    } catch (thrown) {
      task.signal?.throwIfAborted()
      failure = thrown
      if (!isPassing(thrown)) break
    }
  }
  throw failure
}

/** A hanging replica has ever more requests on their way, so that the others are preferred. */
function inOrder({ key: { signers }, way }: Task): readonly Signer[] {
  if (way.replicas !== 'together' || signers.length < 2) return signers
  const quotas = way.governor?.stats()
  const loadMs = (signer: Signer) => {
    const quota = quotas?.get(signer.quota?.() ?? '')
    return quota === undefined ? 0 : quota.waitMs + (1_000 * quota.running) / quota.ratePerSecond
  }
  const loads = new Map(signers.map((signer) => [signer, loadMs(signer)]))
  // The sort is stable: of two that have nothing to do, the first.
  return [...signers].sort((a, b) => (loads.get(a) ?? 0) - (loads.get(b) ?? 0))
}

async function signObserved(signer: Signer, task: Task): Promise<Uint8Array> {
  const { key, message, purpose, way, signal } = task
  const { address, keyIndex, hashAlgorithm, signatureAlgorithm } = key
  let started = performance.now()
  let report: SignReport = { attempts: 0 }
  const onReport = (reported: SignReport) => {
    report = reported
  }
  const tell = (errorCode?: string) => {
    const { attempts, requestId, keyId, unanswered } = report
    notify(way.onSign, {
      ...purpose,
      signerId: signer.id,
      ...(keyId === undefined ? {} : { backendKeyId: keyId }),
      ...(requestId === undefined ? {} : { requestId }),
      attempts,
      ...(unanswered === undefined ? {} : { unanswered }),
      address,
      keyIndex,
      signatureAlgorithm,
      hashAlgorithm,
      durationMs: performance.now() - started,
      ...(errorCode === undefined ? {} : { errorCode }),
    })
  }
  try {
    const given = { message, hashAlgorithm, onReport }
    const request = signal === undefined ? given : { ...given, signal }
    const quota = way.governor === undefined ? undefined : signer.quota?.()
    const paced = (pace: SignPace) => {
      started = performance.now() // the wait for the turn is the governor's to tell
      return signer.sign({ ...request, pace })
    }
    const signature = await (quota === undefined || way.governor === undefined
      ? signer.sign(request)
      : way.governor.run(quota, paced, signal))
    tell()
    return signature
  } catch (thrown) {
    tell(codeOf(thrown))
    throw thrown
  }
}
