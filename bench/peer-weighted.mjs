/**
 * fcl-kms-authorizer with the two keys of a 500+500 account, in a process of its own, since FCL may
 * end it. Arguments: access node, KMS configuration, address, key ids, and which way to try:
 * `all-roles` as its README shows it, `proposer-apart` with one key as proposer. @module
 */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms-authorizer'

const [accessNode, kmsConfig, address, keyIds, way] = process.argv.slice(2)
fcl.config({ 'accessNode.api': accessNode, 'flow.network': 'local', 'logger.level': 1 })
const authorizer = new KmsAuthorizer(JSON.parse(kmsConfig), JSON.parse(keyIds))
const both = authorizer.authorize(address, [0, 1])
const roles =
  way === 'all-roles'
    ? { authz: both }
    : { proposer: authorizer.authorize(address, 0), payer: both, authorizations: [both] }
const cadence = 'transaction { prepare(signer: &Account) {} }'
console.log(`sent ${await fcl.mutate({ cadence, limit: 100, ...roles })}`)
