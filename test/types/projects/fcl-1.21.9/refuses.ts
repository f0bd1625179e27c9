/** Twins of what compiles: each line under a directive must be an error, or the directive is one. */
import * as fcl from '@onflow/fcl'
import {
  isSignerError,
  KmsAuthorizer,
  type Signer,
  type SignerErrorCode,
  type SignerPublicKey,
} from 'fcl-kms'
import { createAwsKmsSigner } from 'fcl-kms/signers/aws-kms'

const address = '0xf8d6e0586b0a20c7'
const authorizer = new KmsAuthorizer({ region: 'eu-central-1' }, 'alias/a')

// @ts-expect-error an address is a text
authorizer.authorize(123)
// @ts-expect-error an index is a number
authorizer.authorize(address, '0')
// @ts-expect-error no such option
authorizer.authorize(address, { keyIndex: 0 })
// @ts-expect-error a selection has no time limit; it has a signal
authorizer.authorize(address, { keyIndexes: [0], timeoutMs: 1000 })
// @ts-expect-error no such option
new KmsAuthorizer({ region: 'eu-central-1' }, 'alias/a', { chain: 'flow-mainnet' })
// @ts-expect-error no such limit
new KmsAuthorizer({ region: 'eu-central-1' }, 'alias/a', { limits: { timeoutMs: 1 } })
// @ts-expect-error no key
new KmsAuthorizer({ region: 'eu-central-1' })
// @ts-expect-error no such setting of the client
new KmsAuthorizer({ regoin: 'eu-central-1' }, 'alias/a')
// @ts-expect-error limits belong to the signers that are already made
KmsAuthorizer.fromSigners([], { limits: {} })
// @ts-expect-error a proof has a nonce
void authorizer.signAccountProof(address, { appIdentifier: 'app' })
// @ts-expect-error keys are many, and a client is missing
createAwsKmsSigner({ keyIds: ['alias/a'] })

const publicKey: Signer['publicKey'] = async () => ({
  bytes: new Uint8Array(64),
  algorithm: 'ECDSA_P256',
})
// @ts-expect-error a signer without sign
const withoutSign: Signer = { id: 'mine', publicKey }
// @ts-expect-error a signer of hexadecimal text
const ofText: Signer = { id: 'mine', publicKey, sign: async () => '00' }
// @ts-expect-error a curve that Flow does not have
const ofEd25519: SignerPublicKey = { bytes: new Uint8Array(32), algorithm: 'EdDSA' }
export const refused = [withoutSign, ofText, ofEd25519]

// @ts-expect-error the authorizer itself is no authorization function
fcl.mutate({ cadence: '', authz: authorizer })
// @ts-expect-error neither is a promise of one
fcl.mutate({ cadence: '', authz: Promise.resolve(authorizer.authorize(address)) })
// @ts-expect-error authorizations are a list
fcl.mutate({ cadence: '', authorizations: authorizer.authorize(address) })

// @ts-expect-error no such code
export const code: SignerErrorCode = 'KEY_LOST'
export function weightOf(error: unknown): number {
  if (!isSignerError(error, 'WEIGHT_TOO_LOW')) return 0
  // @ts-expect-error a fact of another code
  error.context.keyId satisfies string
  return error.context.weight
}
