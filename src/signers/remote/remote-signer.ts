/** Signs with a key that a signing service keeps and judges for. @module */

import { SignerError } from '../../errors.ts'
import type { Signer, SignerPublicKey } from '../signer.ts'
import { createVerifiedSigner } from '../verified-signer.ts'
import { callService } from './call.ts'
import { type RemoteSignerOptions, readOptions } from './options.ts'
import type { ServiceAnswer } from './protocol.ts'
import { printable } from './reply.ts'

/**
 * Sends the whole message, so that the service can decode it and decide. What comes back must be for
 * this key name and the pinned public key, and its signature must verify over what was asked: a body
 * that was changed on the way, either way, signs nothing.
 *
 * @returns A frozen signer whose id is `remote:`, the key name, `@` and the host, socket or function.
 * Makes no call itself.
 * @throws {SignerError} `INVALID_OPTION`. Using it may reject with any `REMOTE_SIGNER_…` code,
 * `SIGNING_REQUEST_TOO_LARGE`, `AWS_SDK_MISSING`, `AWS_CONFIG_INVALID`, `AWS_REGION_INVALID`,
 * `MALFORMED_PUBLIC_KEY`, `MALFORMED_SIGNATURE` and `SIGNATURE_INVALID`.
 */
export function createRemoteSigner(options: RemoteSignerOptions): Signer {
  const { transport, limits, pinned, key, approvals } = readOptions(options)
  const signerId = `remote:${key}@${transport.target}`.slice(0, 300)
  const call = { transport, limits, signerId }
  let known: Promise<SignerPublicKey> | undefined =
    pinned === undefined ? undefined : Promise.resolve(pinned)

  const load = () => {
    known ??= callService({ ...call, request: { operation: 'publicKey', key } }).then(
      ({ answer }) => publicKeyOf(answer, key, signerId),
    )
    const loading = known
    loading.catch(() => {
      known = undefined // a failure is not remembered
    })
    return loading
  }

  return createVerifiedSigner({
    id: signerId,
    quota: () => `remote ${transport.target}`,
    publicKey: async () => load(),
    async sign({ message, hashAlgorithm, signal, onReport, pace }) {
      const expected = await load()
      const request = {
        operation: 'sign',
        key,
        message,
        hashAlgorithm,
        ...(approvals === undefined ? {} : { approvals }),
      } as const
      const { answer, attempts } = await callService({ ...call, request, signal, pace })
      const { signature, requestId, keyId } = answer
      assertSameKey(publicKeyOf(answer, key, signerId), expected, signerId)
      if (signature === undefined) throw mismatch(signerId, 'signature')
      onReport?.({
        attempts,
        requestId: printable(requestId),
        ...(keyId === undefined ? {} : { keyId: printable(keyId) }),
      })
      return signature
    },
  })
}

const mismatch = (signerId: string, field: string) =>
  new SignerError('REMOTE_SIGNER_REPLY_MISMATCH', { signerId, field })

/** @throws {SignerError} `REMOTE_SIGNER_REPLY_MISMATCH` when it is about another key. */
function publicKeyOf(answer: ServiceAnswer, key: string, signerId: string): SignerPublicKey {
  if (answer.key !== key) throw mismatch(signerId, 'key')
  return { bytes: answer.publicKey, algorithm: answer.signatureAlgorithm }
}

function assertSameKey(told: SignerPublicKey, expected: SignerPublicKey, signerId: string): void {
  if (told.algorithm !== expected.algorithm) throw mismatch(signerId, 'signatureAlgorithm')
  if (Buffer.compare(told.bytes, expected.bytes) !== 0) throw mismatch(signerId, 'publicKey')
}
