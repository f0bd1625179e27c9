/** The signer contract of `fcl-kms/testing`, with elliptic as a second opinion. @module */
import {
  describeSignerContract as describeIt,
  type SignerContractOptions,
  type SignerContractSubject,
} from '../../src/testing/index.ts'
import { type Algorithm, verifyByElliptic } from '../unit/crypto/independent.ts'

/** As that of `fcl-kms/testing`; every signature is also verified by code that shares none with ours. */
export const describeSignerContract = (
  name: string,
  makeSubject: (algorithm: Algorithm) => Promise<SignerContractSubject>,
  options?: SignerContractOptions,
): void =>
  describeIt(
    name,
    async (algorithm) => ({
      ...(await makeSubject(algorithm)),
      verify: ({ message, hashAlgorithm, signature, ...key }) =>
        verifyByElliptic(key, message, hashAlgorithm, signature),
    }),
    options,
  )
