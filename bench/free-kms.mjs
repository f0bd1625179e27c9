/**
 * KMS in this process, at no cost: what it wraps is the bytes themselves beside their context. So what is
 * measured with it is everything but KMS. @module
 */
import { randomBytes } from 'node:crypto'

export const keyArn =
  'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'

/** @returns what createSealedKeys takes for a client, and how often it was asked */
export function createFreeKms() {
  const credentials = { accessKeyId: 'free', secretAccessKey: 'free' }
  const calls = { GenerateDataKey: 0, Decrypt: 0 }
  const contextOf = ({ EncryptionContext }) => Buffer.from(JSON.stringify(EncryptionContext))
  const answers = {
    GenerateDataKey(input) {
      const Plaintext = new Uint8Array(randomBytes(32))
      return { Plaintext, CiphertextBlob: Buffer.concat([Plaintext, contextOf(input)]) }
    },
    Decrypt(input) {
      const blob = Buffer.from(input.CiphertextBlob)
      if (!blob.subarray(32).equals(contextOf(input))) throw new Error('another context')
      return { Plaintext: new Uint8Array(blob.subarray(0, 32)) }
    },
  }
  return {
    calls,
    client: {
      config: { region: async () => 'eu-central-1', credentials: async () => credentials },
      async send(command) {
        const operation = command.constructor.name.replace(/Command$/, '')
        calls[operation] += 1
        return { KeyId: keyArn, ...answers[operation](command.input) }
      },
    },
  }
}
