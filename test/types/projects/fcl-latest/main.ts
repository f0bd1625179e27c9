/** FCL 1.21.11 comes without declarations: that one import is the only error. */
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
