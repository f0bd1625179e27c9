/** The last FCL with declarations of its own takes an authorization function wherever it signs. */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer, type Signer } from 'fcl-kms'

const address = '0xf8d6e0586b0a20c7'
const cadence = 'transaction { prepare(signer: &Account) {} }'
const authorizer = new KmsAuthorizer({ region: 'eu-central-1' }, ['alias/a', 'alias/b'])
const authz = authorizer.authorize(address)

export const inOneRole: Promise<string> = fcl.mutate({ cadence, authz })

export const inAllRoles: Promise<string> = fcl.mutate({
  cadence,
  args: (arg, t) => [arg('order-1', t.String)],
  proposer: authorizer.authorize(address, { keyIndexes: [0, 1], proposalKeyIndex: 2 }),
  payer: authorizer.authorize(address, [0, 1]),
  authorizations: [authz, authorizer.authorize('f8d6e0586b0a20c7', 3)],
  limit: 100,
})

export const built = fcl.send([
  fcl.transaction(cadence),
  fcl.proposer(authz),
  fcl.payer([authz]),
  fcl.authorizations([authz, authorizer.authorize(address, 0)]),
  fcl.limit(100),
])

export const verified: Promise<boolean> = authorizer
  .signUserMessage(address, '68656c6c6f')
  .then((signatures) => fcl.AppUtils.verifyUserSignatures('68656c6c6f', [...signatures]))

const signer: Signer = {
  id: 'mine',
  publicKey: async () => ({ bytes: new Uint8Array(64), algorithm: 'ECDSA_P256' }),
  sign: async ({ message, hashAlgorithm, signal }) => {
    signal?.throwIfAborted()
    return new Uint8Array(hashAlgorithm === 'SHA3_256' ? 64 : message.length)
  },
}
export const bySigner: Promise<string> = fcl.mutate({
  cadence,
  authz: KmsAuthorizer.fromSigners([signer]).authorize(address),
})
