/** As bundled-handler.mjs, in CommonJS. */
const fcl = require('@onflow/fcl')
const { KmsAuthorizer } = require('fcl-kms')

const { FLOW_URL, KMS_URL, KEY_ID, ADDRESS } = process.env
fcl.config({ 'accessNode.api': FLOW_URL, 'flow.network': 'emulator', 'logger.level': 0 })
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const kms = { region: 'us-east-1', endpoint: KMS_URL, credentials }
const authorizer = new KmsAuthorizer(kms, KEY_ID ?? '')

exports.handler = async () => {
  const cadence = 'transaction { prepare(signer: &Account) {} }'
  const authz = authorizer.authorize(ADDRESS ?? '')
  const id = await fcl.mutate({ cadence, authz, limit: 100 })
  const { statusString } = await fcl.tx(id).onceSealed()
  console.log('sealed', statusString, id)
}

exports.handler().then(() => process.exit(0))
