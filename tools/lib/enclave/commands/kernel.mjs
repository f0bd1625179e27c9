/** `npm run enclave -- kernel`: the kernel alone, from the cache or built into it. @module */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensureKernel, kernelVersion } from '../kernel.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  parseArgs({ args, options: {} })
  const path = await ensureKernel()
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  console.log(`Linux ${kernelVersion()}, SHA-256 ${sha256}\n${path}`)
  return 0
}
