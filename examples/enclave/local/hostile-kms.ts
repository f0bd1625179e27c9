/** What somebody would answer who stands in for KMS: for `tamper` of the stand-in. @module */

import type { Exchange } from './kms-stand-in.ts'

/** The open key beside the encrypted one, as from a KMS that does not know recipients. */
export const plaintextBeside = ({ operation, reply, plaintext }: Exchange): Exchange['reply'] => ({
  ...reply,
  [operation === 'GenerateDataKeyPair' ? 'PrivateKeyPlaintext' : 'Plaintext']:
    Buffer.from(plaintext).toString('base64'),
})

/** The open key and no other, as from whoever drops the recipient. */
export const plaintextInstead = (exchange: Exchange): Exchange['reply'] => {
  const { CiphertextForRecipient: _, ...others } = plaintextBeside(exchange)
  return others
}

export const otherKeyId = ({ reply }: Exchange): Exchange['reply'] => ({
  ...reply,
  KeyId: 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000',
})

/** CMS of one's own: the public key of an enclave is known to its parent. */
export const knownDataKey =
  (dataKey: Uint8Array) =>
  ({ reply, encrypt }: Exchange): Exchange['reply'] => ({
    ...reply,
    CiphertextForRecipient: encrypt(dataKey),
  })

/** The first answer that it sees, again and again. */
export function replayed(): (exchange: Exchange) => Exchange['reply'] {
  let first: Exchange['reply'] | undefined
  return ({ reply }) => {
    first ??= reply
    return first
  }
}
