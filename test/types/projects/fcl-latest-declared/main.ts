/** FCL 1.21.11 with the one line that makes it untyped for TypeScript: see declarations.d.ts. */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'

const address = '0xf8d6e0586b0a20c7'
const authorizer = new KmsAuthorizer({ region: 'eu-central-1' }, 'alias/a')
const authz = authorizer.authorize(address)

export const inAllRoles: Promise<string> = fcl.mutate({
  cadence: 'transaction { prepare(signer: &Account) {} }',
  proposer: authz,
  payer: authz,
  authorizations: [authz],
})

export const inOneRole = fcl.mutate({ cadence: '', authz, limit: 100 })

// @ts-expect-error an address is a text
authorizer.authorize(123)
// @ts-expect-error no such option
authorizer.authorize(address, { keyIndex: 0 })
