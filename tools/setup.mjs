/**
 * Prepares what the other tools need: `node tools/setup.mjs [--npm] [--pkcs11] [--aws] [--lambda]
 * [--enclave] [--emulator]`, without arguments all of it. @module
 */
import { parseArgs } from 'node:util'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  const flag = /** @type {const} */ ({ type: 'boolean', default: false })
  const { values } = parseArgs({
    options: { npm: flag, pkcs11: flag, aws: flag, lambda: flag, enclave: flag, emulator: flag },
  })
  const all = /** @type {const} */ (['npm', 'pkcs11', 'aws', 'lambda', 'enclave', 'emulator'])
  const chosen = all.filter((part) => values[part])
  const env = await setUp(chosen.length === 0 ? all : chosen)
  const names = ['FCL_KMS_MINISTACK', 'FCL_KMS_LAMBDA_EMULATOR', 'FCL_KMS_ENCLAVE', 'FLOW_EMULATOR']
  for (const name of names) if (env[name]) console.log(`${name}=${env[name]}`)
  return 0
})
