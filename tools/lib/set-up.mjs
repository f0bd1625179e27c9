/** All of the set-up, for the tools. Runs before any npm package is installed. @module */
import { ensureAws } from './aws.mjs'
import { ensureEmulator } from './emulator.mjs'
import { ensureEnclave } from './enclave/set-up.mjs'
import { ensureLambdaEmulator } from './lambda-emulator.mjs'
import { ensureNpm } from './npm.mjs'
import { ensurePkcs11 } from './pkcs11.mjs'

/**
 * @param {readonly ('npm' | 'emulator' | 'lambda' | 'aws' | 'pkcs11' | 'enclave')[]} parts
 * @returns {Promise<NodeJS.ProcessEnv>} this environment and where the servers are
 * @throws {Error} in one sentence, when something is missing
 */
export async function setUp(parts) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Node.js ${process.versions.node} is too old: install 20.19 or newer.`)
  const env = { ...process.env }
  const enclave = parts.includes('enclave') ? ensureEnclave() : undefined
  enclave?.catch(() => undefined) // prepared beside the others, and told after them
  if (parts.includes('npm')) await ensureNpm()
  if (parts.includes('pkcs11')) await ensurePkcs11()
  if (parts.includes('aws')) env.FCL_KMS_MINISTACK = await ensureAws()
  if (parts.includes('lambda')) env.FCL_KMS_LAMBDA_EMULATOR = await ensureLambdaEmulator()
  if (parts.includes('emulator')) env.FLOW_EMULATOR = await ensureEmulator()
  env.FCL_KMS_ENCLAVE = await enclave
  return env
}

/**
 * Runs the body of a tool; a failure becomes its message and exit code 1.
 * @param {() => Promise<number>} body resolves to the exit code
 */
export async function main(body) {
  try {
    process.exitCode = await body()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
