/** The first process of an enclave, built of examples/enclave/init: the same bytes each time. @module */
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { goEnvironment } from '../go.mjs'
import { cacheFolder, findProgram, fingerprint, isExecutable, root } from '../paths.mjs'
import { runWithProgress } from '../run.mjs'

const source = 'examples/enclave/init'

/** Go's caches: kept, for the tests of the program use them too. */
export const initGoFolder = () => join(cacheFolder(), 'enclave', 'go')

/**
 * A static program for Linux on x86-64, also on another machine.
 * @returns {Promise<string>} its path
 * @throws {Error} in one sentence, when Go is missing or cannot build it
 */
export async function ensureInit() {
  const go = findProgram('go')
  if (!go) throw new Error('there is no Go to build its first process: install Go 1.21 or newer')
  // Of one version, which Go downloads where it is another: its compiler writes into the program.
  const [, GOTOOLCHAIN] =
    /^toolchain (\S+)$/m.exec(readFileSync(join(root, source, 'go.mod'), 'utf8')) ?? []
  const target = { CGO_ENABLED: '0', GOOS: 'linux', GOARCH: 'amd64' }
  const env = { ...goEnvironment(initGoFolder()), ...target, GOTOOLCHAIN }
  const names = readdirSync(join(root, source)).filter((name) => /^go\.|(?<!_test)\.go$/.test(name))
  const files = names.sort().map((name) => `${source}/${name}`)
  const program = join(cacheFolder(), 'enclave', `init-${fingerprint(files, [])}`, 'init')
  if (isExecutable(program)) return program
  mkdirSync(dirname(program), { recursive: true })
  const result = `${program}.${process.pid}`
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags=-s -w -buildid=', '-o', result]
  const title = 'Preparing the first process of an enclave'
  await runWithProgress(title, go, ['build', ...flags, '.'], { cwd: join(root, source), env })
  renameSync(result, program)
  return program
}
