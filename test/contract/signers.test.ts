import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { createFakeKms } from '../support/fake-kms.ts'
import { algorithms, hexOf, softKey } from '../unit/crypto/independent.ts'
import { describeSignerContract } from './signer-contract.ts'

for (const algorithm of algorithms) {
  describeSignerContract(`The software signer of ${algorithm}`, async () => {
    const { privateKey } = softKey(algorithm)
    return {
      signer: createSoftwareSigner({ algorithm, privateKey }),
      secrets: [hexOf(privateKey), Buffer.from(privateKey).toString('base64url')],
    }
  })

  describeSignerContract(`The AWS KMS signer of ${algorithm}`, async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm })
    return {
      signer: createAwsKmsSigner({ client: kms.client, keyId: key.arn }),
      secrets: [hexOf(key.privateKey), 'fake-secret'],
    }
  })
}
