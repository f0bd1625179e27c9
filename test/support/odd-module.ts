/** A module that hangs, crashes and lies when it is told to, in front of SoftHSM. @module */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SoftHsm, SoftToken } from './softhsm.ts'

const source = fileURLToPath(new URL('./odd-module.c', import.meta.url))
const headers = fileURLToPath(new URL('../../node_modules/pkcs11js/includes', import.meta.url))

/** SoftHSM behind it. Gone with its SoftHSM. */
export type OddModule = {
  readonly env: Record<string, string>
  readonly uri: (token: SoftToken, key?: string) => string
  /** From now on: one of the words in odd-module.c, or nothing. */
  readonly be: (what: string) => void
  /** How often a PIN was tried. */
  readonly logins: () => number
}

/** Whoever has built pkcs11js has a compiler. */
export function makeOddModule(hsm: SoftHsm): OddModule {
  const [path, file, logins] = ['odd-module.so', 'odd-module', 'odd-module-logins'].map((name) =>
    join(hsm.folder, name),
  ) as [string, string, string] // of three names
  const flags = ['-shared', '-fPIC', '-I', headers, '-o', path, source, '-ldl']
  execFileSync(process.env['CC'] ?? 'cc', flags, { stdio: 'pipe' })
  writeFileSync(file, '')
  writeFileSync(logins, '')
  return {
    env: {
      ...hsm.env,
      ODD_MODULE_BEHIND: hsm.modulePath,
      ODD_MODULE_FILE: file,
      ODD_MODULE_LOGINS: logins,
    },
    uri: (token, key) => token.uri(key).replace(hsm.modulePath, path),
    be: (what) => writeFileSync(file, what),
    logins: () => readFileSync(logins, 'utf8').split('\n').length - 1,
  }
}
