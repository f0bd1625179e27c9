/** The declarations of @onflow/sdk itself, which FCL's are made of, under a bundler's resolution. */
import * as sdk from '@onflow/sdk'
import { KmsAuthorizer } from 'fcl-kms'

const address = '0xf8d6e0586b0a20c7'
const authorizer = new KmsAuthorizer({ region: 'eu-central-1' }, ['alias/a', 'alias/b'])
const authz = authorizer.authorize(address)

export const built = sdk.build([
  sdk.transaction('transaction { prepare(signer: &Account) {} }'),
  sdk.proposer(authorizer.authorize(address, { proposalKeyIndex: 2 })),
  sdk.payer([authz]),
  sdk.authorizations([authz, authorizer.authorize(address, [0, 1])]),
  sdk.limit(100),
])

type Mutation = {
  readonly authz?: sdk.AccountAuthorization
  readonly proposer?: sdk.AccountAuthorization
  readonly payer?: sdk.AccountAuthorization
  readonly authorizations?: sdk.AccountAuthorization[]
}
export const mutation: Mutation = { authz, proposer: authz, payer: authz, authorizations: [authz] }

// @ts-expect-error the authorizer itself is no authorization function
export const wrong: Mutation = { authz: authorizer }
// @ts-expect-error an address is a text
authorizer.authorize(123)
// @ts-expect-error no such option
authorizer.authorize(address, { keyIndex: 0 })
