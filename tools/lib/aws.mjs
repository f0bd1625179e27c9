/**
 * The AWS endpoint: MiniStack in a Python virtual environment, pinned with hashes. cfn-lint lies beside
 * it, for a test that looks there. @module
 */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { cacheFolder, findProgram, fingerprint, root, splitCommand, tidy } from './paths.mjs'
import { capture, runWithProgress } from './run.mjs'

const requirements = 'tools/requirements.txt'
const remedy = 'install Python 3.10 or newer with its venv module, or set FCL_KMS_MINISTACK'

/**
 * @returns {Promise<string>} the value for $FCL_KMS_MINISTACK
 * @throws {Error} in one sentence, when something is missing
 */
export async function ensureAws() {
  const given = process.env.FCL_KMS_MINISTACK
  if (given) {
    if (findProgram(splitCommand(given)[0])) return given
    throw new Error(
      `FCL_KMS_MINISTACK names ${given}, which is not a program: correct or unset it.`,
    )
  }
  const { python, version } = await findPython()
  const name = `aws-${fingerprint([requirements], [version, process.platform, process.arch])}`
  const base = join(cacheFolder(), name)
  return (
    findInstalled(base) ?? withLock(name, async () => findInstalled(base) ?? install(python, base))
  )
}

/**
 * A virtual environment cannot be moved, so each attempt has a folder of its own, which what is left
 * of a killed attempt cannot disturb; the file `complete` names the one that was finished.
 * @param {string} base
 * @returns {string | undefined} path of the program
 */
function findInstalled(base) {
  const marker = join(base, 'complete')
  if (!existsSync(marker)) return undefined
  const bin = join(base, readFileSync(marker, 'utf8'), 'bin')
  return existsSync(join(bin, 'python')) ? join(bin, 'ministack') : undefined
}

/**
 * @param {string} python
 * @param {string} base
 * @returns {Promise<string>} path of the program
 */
async function install(python, base) {
  tidy(base)
  const attempt = randomUUID()
  const folder = join(base, attempt)
  const tmp = join(folder, 'tmp')
  mkdirSync(tmp, { recursive: true })
  const env = {
    ...process.env,
    TMPDIR: tmp,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_NO_CACHE_DIR: '1',
    PIP_NO_INPUT: '1',
    PIP_USER: '0',
    PIP_REQUIRE_VIRTUALENV: '0',
  }
  const title = 'Preparing the AWS endpoint'
  const venv = await capture(python, ['-m', 'venv', folder], { env })
  if (venv.code !== 0)
    throw new Error(
      `${python} cannot make a virtual environment: ${remedy} (Debian and Ubuntu: apt-get install python3-venv).`,
    )
  const pip = ['-m', 'pip', 'install', '--require-hashes', '--only-binary=:all:', '--no-deps']
  await runWithProgress(title, join(folder, 'bin', 'python'), [...pip, '-r', requirements], {
    cwd: root,
    env,
  })
  tidy(tmp)
  writeFileSync(join(folder, 'complete'), attempt)
  renameSync(join(folder, 'complete'), join(base, 'complete'))
  return join(folder, 'bin', 'ministack')
}

/** @returns {Promise<{ python: string, version: string }>} the first that is new enough */
async function findPython() {
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.14']
  const seen = []
  for (const name of names) {
    const python = findProgram(name)
    if (!python) continue
    const script = 'import sys; print("%d.%d.%d" % sys.version_info[:3])'
    const { code, output } = await capture(python, ['-c', script])
    const [major = 0, minor = 0] = output.split('.').map(Number)
    if (code === 0 && (major > 3 || (major === 3 && minor >= 10)))
      return { python, version: output }
    seen.push(code === 0 ? output : `${name} that does not run`)
  }
  const found = seen.length === 0 ? 'none was found' : `found ${seen.join(', ')}`
  throw new Error(`The AWS endpoint needs Python 3.10 or newer (${found}): ${remedy}.`)
}
