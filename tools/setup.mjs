/**
 * Prepares what the other tools need: `node tools/setup.mjs [--npm] [--pkcs11] [--emulator] [--aws]`,
 * without arguments all of it. @module
 */
import { parseArgs } from 'node:util'
import { main, setUp } from './lib/set-up.mjs'

await main(async () => {
  const flag = /** @type {const} */ ({ type: 'boolean', default: false })
  const { values } = parseArgs({ options: { npm: flag, pkcs11: flag, emulator: flag, aws: flag } })
  const all = /** @type {const} */ (['npm', 'pkcs11', 'aws', 'emulator'])
  const chosen = all.filter((part) => values[part])
  const env = await setUp(chosen.length === 0 ? all : chosen)
  for (const name of ['FCL_KMS_MINISTACK', 'FLOW_EMULATOR'])
    if (env[name]) console.log(`${name}=${env[name]}`)
  return 0
})
