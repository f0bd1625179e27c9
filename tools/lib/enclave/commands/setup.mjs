/** `npm run enclave -- setup`: prepares what a real guest needs, and says where it is. @module */
import { parseArgs } from 'node:util'
import { ensureEnclave } from '../set-up.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  parseArgs({ args, options: {} })
  const path = await ensureEnclave()
  if (path === undefined) return 1
  console.log(`FCL_KMS_ENCLAVE=${path}`)
  return 0
}
