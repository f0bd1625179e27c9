/** AWS's Runtime Interface Emulator of Lambda, built once per cache from the pinned module. @module */
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { goEnvironment } from './go.mjs'
import { withLock } from './lock.mjs'
import {
  cacheFolder,
  findProgram,
  fingerprint,
  isExecutable,
  root,
  splitCommand,
  tidy,
} from './paths.mjs'
import { runWithProgress } from './run.mjs'

const command = 'github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie'
const manifest = 'tools/lambda-emulator'

/**
 * Looks at $FCL_KMS_LAMBDA_EMULATOR, then in the cache; then builds.
 * @returns {Promise<string | undefined>} the value for $FCL_KMS_LAMBDA_EMULATOR; why there is none was
 *   printed, in one line
 * @throws {Error} in one sentence, when the variable names no program
 */
export async function ensureLambdaEmulator() {
  const given = process.env.FCL_KMS_LAMBDA_EMULATOR
  if (given) {
    if (findProgram(splitCommand(given)[0])) return given
    throw new Error(
      `FCL_KMS_LAMBDA_EMULATOR names ${given}, which is not a program: correct or unset it.`,
    )
  }
  const words = [process.platform, process.arch]
  const files = [`${manifest}/go.mod`, `${manifest}/go.sum`]
  const name = `lambda-emulator-${fingerprint(files, words)}`
  const program = join(cacheFolder(), name, 'aws-lambda-rie')
  if (isExecutable(program)) return program
  const go = findProgram('go')
  if (!go) return skip('there is no Go')
  return withLock(name, async () => {
    const reason = isExecutable(program) ? undefined : await build(go, program)
    return reason === undefined ? program : skip(`Go could not build it (${reason})`)
  })
}

/** @param {string} reason @returns {undefined} */
function skip(reason) {
  console.log(`SKIPPED AWS's Lambda emulator: ${reason}; tests that need it are skipped.`)
}

/** @param {string} go @param {string} program @returns {Promise<string | undefined>} why there is none */
async function build(go, program) {
  const folder = join(dirname(program), 'go')
  const env = { ...goEnvironment(folder), CGO_ENABLED: '0' }
  const result = join(folder, `aws-lambda-rie-${process.pid}`)
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', result]
  try {
    const title = "Preparing AWS's Lambda emulator (once, a minute)"
    await runWithProgress(title, go, ['build', ...flags, command], {
      cwd: join(root, manifest),
      env,
    })
    renameSync(result, program)
    return undefined
  } catch (error) {
    return String(error).trim().split('\n').at(-1)
  } finally {
    tidy(folder)
  }
}
