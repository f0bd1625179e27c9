import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createFakeKms, kmsError } from '../support/fake-kms.ts'
import { softKey } from '../unit/crypto/independent.ts'
import { describeSignerContract } from './signer-contract.ts'

/** So that a test of a KMS that never answers takes no longer. */
const limits = { requestTimeoutMs: 100, totalTimeoutMs: 200 }

/** In the last byte of s, so that it stays DER. */
const flipped = (der: Uint8Array) => der.with(-1, (der.at(-1) ?? 0) ^ 1)

describeSignerContract('The software signer', async (algorithm) => {
  const { privateKey } = softKey(algorithm)
  return { signer: createSoftwareSigner({ algorithm, privateKey }), secrets: [privateKey] }
})

describeSignerContract(
  'The AWS KMS signer',
  async (algorithm) => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm })
    const other = softKey(algorithm)
    const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn, ...limits })
    return {
      signer,
      secrets: [key.privateKey, 'fake-secret'],
      interrupt: async () => kms.always('Sign', kmsError('KMSInternalException', 500)),
      freeze: async () => kms.always('Sign', 'hang'),
      corrupt: async (how) =>
        kms.always('Sign', (reply, { Message }) => {
          const signer = how === 'other-key' ? other : key
          const { der } = signer.sign(Message ?? new Uint8Array())
          return { ...reply, Signature: how === 'other-key' ? der : flipped(der) }
        }),
      restore: async () => kms.always('Sign', undefined),
    }
  },
  { faults: ['interrupt', 'freeze', 'corrupt'] },
)
