/** No signature leaves a signer unverified. @module */

import type { KeyObject } from 'node:crypto'
import { checkedBytesOf, checkedHash, checkedObject } from '../crypto/arguments.ts'
import { normalizeRaw } from '../crypto/raw-signature.ts'
import { importPublicKey, verifySignature, verifySignatureInPool } from '../crypto/verify.ts'
import { abortable } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { assertSignal } from '../options.ts'
import type { Signer, SignerPublicKey } from './signer.ts'

/** A public key, and the same as node:crypto takes it. */
export type VerifyingKey = SignerPublicKey & { readonly key: KeyObject }

/** How signatures are verified. */
export type Verification = {
  /**
   * Where the key comes from when that costs less than `publicKey`, which proves it. Both tell the same
   * key, or reject.
   */
  readonly key?: () => Promise<VerifyingKey>
  /**
   * By a thread of libuv's pool: for signers that bring so many signatures that the thread of the caller
   * would have its hands full with them.
   */
  readonly isInPool?: boolean
}

const verified = new WeakSet<Signer>()

/**
 * A signer that asks for its public key once, brings every signature into its low-s form and
 * verifies it before returning it. Wrapping twice is the same as once.
 *
 * @param more - What the signer has besides, such as `close`.
 * @returns A frozen signer. Its `publicKey` also throws `MALFORMED_PUBLIC_KEY`, and its `sign`
 * `MALFORMED_SIGNATURE`, `SIGNATURE_INVALID` and `INVALID_OPTION`.
 */
export function createVerifiedSigner(signer: Signer): Signer
export function createVerifiedSigner<More extends object>(
  signer: Signer,
  more: More,
  verification?: Verification,
): Signer & Readonly<More>
export function createVerifiedSigner(
  signer: Signer,
  more: object = {},
  { key: verifyBy, isInPool = false }: Verification = {},
): Signer {
  if (verified.has(signer)) return signer
  const told = createLoader(async () => {
    // Without the caller's signal: others share this call, and the backend bounds it in time.
    const { bytes, algorithm } = await signer.publicKey()
    return { bytes: bytes.slice(), algorithm, key: importPublicKey(bytes, algorithm) }
  })
  const loaded = verifyBy === undefined ? told : createLoader(verifyBy)
  const verify = isInPool ? verifySignatureInPool : verifySignature

  const wrapper: Signer = Object.freeze({
    ...more,
    id: signer.id,
    ...(signer.quota === undefined ? {} : { quota: signer.quota }),
    async publicKey(options: { signal?: AbortSignal } = {}) {
      const { signal } = checkedObject('options', options)
      assertSignal(signal)
      const { bytes, algorithm } = await told(signal)
      return { bytes: bytes.slice(), algorithm }
    },
    async sign(request) {
      const { message, hashAlgorithm, signal } = checkedObject('request', request)
      assertSignal(signal)
      checkedBytesOf('message', message)
      checkedHash(hashAlgorithm)
      const { key, algorithm } = await loaded(signal)
      // A signer of the user's own may ignore the signal.
      const raw = await abortable(signer.sign(request), signal)
      const signature = normalizeRaw(raw, algorithm)
      if (!(await verify(key, message, hashAlgorithm, signature)))
        throw new SignerError('SIGNATURE_INVALID', { signerId: signer.id })
      return signature
    },
  } satisfies Signer)
  verified.add(wrapper)
  return wrapper
}

/** @returns Asks once, however many wait for it. A failure is not remembered. */
function createLoader(
  load: () => Promise<VerifyingKey>,
): (signal?: AbortSignal) => Promise<VerifyingKey> {
  let loading: Promise<VerifyingKey> | undefined
  return (signal) => {
    if (loading === undefined) {
      loading = load()
      loading.catch(() => {
        loading = undefined
      })
    }
    return abortable(loading, signal)
  }
}
