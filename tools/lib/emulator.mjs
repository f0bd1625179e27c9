/** The Flow emulator: given, from a Flow CLI, or built once per cache from the pinned module. @module */
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { applyChanges, changes } from './emulator-changes.mjs'
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
import { capture, runWithProgress } from './run.mjs'

const module = 'github.com/onflow/flow-emulator'
const command = `${module}/cmd/emulator`
const alternative =
  'or install the Flow CLI (https://developers.flow.com/tools/flow-cli), or set FLOW_EMULATOR'

/**
 * Looks in this order: $FLOW_EMULATOR, `flow` on PATH, the cache; then builds.
 * @returns {Promise<string>} the value for $FLOW_EMULATOR
 * @throws {Error} in one sentence, when something is missing
 */
export async function ensureEmulator() {
  const given = process.env.FLOW_EMULATOR
  if (given) {
    if (findProgram(splitCommand(given)[0])) return given
    throw new Error(`FLOW_EMULATOR names ${given}, which is not a program: correct or unset it.`)
  }
  if (await isFlowCli()) return 'flow emulator'
  const words = [process.platform, process.arch, JSON.stringify(changes)]
  const name = `emulator-${fingerprint(['tools/go.mod', 'tools/go.sum'], words)}`
  const program = join(cacheFolder(), name, 'flow-emulator')
  if (isExecutable(program)) return program
  return withLock(name, async () => {
    if (!isExecutable(program)) await build(program)
    return program
  })
}

/** Other programs are called flow, and an old Flow CLI lacks flags: ask for the flags we use. */
async function isFlowCli() {
  const flow = findProgram('flow')
  if (!flow) return false
  const { output } = await capture(flow, ['emulator', '--help'])
  const flags = ['--rest-port', '--setup-vm-bridge', '--scheduled-transactions']
  if (flags.every((flag) => output.includes(flag))) return true
  console.log(`${flow} is not a Flow CLI with a recent emulator: not used.`)
  return false
}

/** @param {string} program */
async function build(program) {
  const folder = join(dirname(program), 'go')
  const env = environment(folder)
  const go = await findGo(env)
  const cwd = join(root, 'tools')
  const title = 'Preparing the Flow emulator (once, some minutes)'
  const list = ['list', '-deps', command]
  const packages = await runWithProgress(`${title}, download`, go, list, { cwd, env })
  const total = packages.split('\n').filter((line) => !line.startsWith('go: ')).length
  const source = await capture(go, ['list', '-m', '-f', '{{.Dir}}', module], { cwd, env })
  applyChanges(source.output)
  const result = join(folder, `flow-emulator-${process.pid}`)
  const flags = ['-v', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', result]
  await runWithProgress(`${title}, build`, go, ['build', ...flags, command], {
    cwd,
    env,
    describe: (text) => `${text.split('\n').length - 1} of about ${total} packages`,
  })
  renameSync(result, program)
  tidy(folder) // modules and build cache: over 1 GB
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} path of a Go that is new enough, beside a C compiler
 */
async function findGo(env) {
  const go = findProgram('go')
  const remedy = `install Go 1.26 or newer (https://go.dev/dl), ${alternative}.`
  if (!go) throw new Error(`No Flow emulator and no Go to build it: ${remedy}`)
  const { output } = await capture(go, ['version'], { env })
  const [, minor = '0'] = /go1\.(\d+)/.exec(output) ?? []
  if (Number(minor) < 26)
    throw new Error(`No Flow emulator, and ${output} cannot build it: ${remedy}`)
  const compiler = await capture(go, ['env', 'CC'], { env, cwd: join(root, 'tools') })
  const [cc] = splitCommand(compiler.output)
  if (findProgram(cc)) return go
  throw new Error(
    `No Flow emulator, and no C compiler (${cc}) to build it: install gcc or clang, ${alternative}.`,
  )
}

/** @param {string} folder of all that Go writes */
const environment = (folder) => ({
  ...goEnvironment(folder),
  GODEBUG: 'goindex=0', // Go's index of a module does not know the import that we add
  CGO_ENABLED: '1',
  CGO_CFLAGS: '-O2 -D__BLST_PORTABLE__',
})
