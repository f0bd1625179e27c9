/** Tokens of SoftHSM in a folder of their own, gone with the test. @module */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** SoftHSM, and what it needs here. Write `using hsm = …`. */
export type SoftHsm = {
  readonly modulePath: string
  /** Of the processes that use it; they read our TypeScript, too. */
  readonly env: Record<string, string>
  /** Initialises a token; several may have one label. */
  readonly addToken: (label?: string) => SoftToken
  readonly folder: string
  readonly [Symbol.dispose]: () => void
}

/** A token of SoftHSM. */
export type SoftToken = {
  readonly label: string
  readonly pin: string
  readonly soPin: string
  /** A file that holds the PIN, for `pin-source`. */
  readonly pinFile: string
  /** The URI of the token or of a key on it, given as `object=…` or `id=…`. */
  readonly uri: (key?: string) => string
}

/** Where distributions keep it. */
const places = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

/** Whether pkcs11js is built: npm leaves that out, `node tools/setup.mjs --pkcs11` does it. */
const isBuilt = () =>
  existsSync(join(root, 'node_modules', 'pkcs11js', 'build', 'Release', 'pkcs11.node'))

/**
 * @param needed - Further files that the suite cannot do without, by the package that has them.
 * @returns `describe`, or what skips its tests when something is missing, which it says in one line.
 */
export function describePkcs11(needed: Readonly<Record<string, string | undefined>> = {}) {
  return hasPkcs11(needed) ? describe : describe.skip
}

/** What `describePkcs11` asks, where only some of the tests need it. */
export function hasPkcs11(needed: Readonly<Record<string, string | undefined>> = {}): boolean {
  const missing = [
    ...(isBuilt() ? [] : ['pkcs11js is not built: node tools/setup.mjs --pkcs11']),
    ...(findSoftHsm() === undefined ? ['no SoftHSM: apt-get install softhsm2'] : []),
    ...Object.entries(needed)
      .filter(([, path]) => path === undefined || !existsSync(path))
      .map(([name]) => `apt-get install ${name}`),
  ]
  if (missing.length > 0) process.stderr.write(`SKIPPED tests of PKCS#11: ${missing.join('; ')}\n`)
  return missing.length === 0
}

export const findSoftHsm = (): string | undefined => places.find((path) => existsSync(path))

/** Files of Debian's architectures: `/usr/lib/x86_64-linux-gnu/` and the like. */
export function findLibrary(name: string): string | undefined {
  const folders = ['/usr/lib', '/usr/lib64', ...below('/usr/lib')]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

const below = (folder: string) => {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** The environment of a process that runs the sources of the package. */
export function sourceEnvironment(): Record<string, string> {
  const register = pathToFileURL(join(root, 'test', 'support', 'register-typescript.mjs')).href
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, NODE_OPTIONS: `--import=${register} --disable-warning=ExperimentalWarning` }
}

export function makeSoftHsm(): SoftHsm {
  const modulePath = findSoftHsm()
  if (modulePath === undefined) throw new Error('there is no SoftHSM on this machine')
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-softhsm-'))
  const tokens = join(folder, 'tokens')
  mkdirSync(tokens)
  const config = join(folder, 'softhsm2.conf')
  writeFileSync(config, `directories.tokendir = ${tokens}\nlog.level = ERROR\n`)
  const env = { ...sourceEnvironment(), SOFTHSM2_CONF: config }
  let count = 0

  function addToken(label = `token ${count}`): SoftToken {
    const [pin, soPin] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')]
    execFileSync(
      'softhsm2-util',
      ['--init-token', '--free', '--label', label, '--so-pin', soPin, '--pin', pin],
      { env: { ...process.env, ...env }, stdio: 'pipe' },
    )
    const pinFile = join(folder, `pin-${count++}`)
    writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 })
    const uri = (key?: string) =>
      `pkcs11:token=${encodeURIComponent(label)}${key === undefined ? '' : `;${key}`}` +
      `?module-path=${modulePath}&pin-source=file:${pinFile}`
    return { label, pin, soPin, pinFile, uri }
  }

  return {
    modulePath,
    env,
    addToken,
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
