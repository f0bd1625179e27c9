/** A token of NSS softoken, the second module, in a folder of its own. @module */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findLibrary, sourceEnvironment } from './softhsm.ts'

/** Its file; Debian moved it once. */
export const findSoftoken = (): string | undefined =>
  findLibrary('libsoftokn3.so') ?? findLibrary('nss/libsoftokn3.so')

/** A database of NSS. Write `using nss = …`. */
export type Nss = {
  readonly uri: string
  readonly pin: string
  /** Softoken is told where its database is when it is initialised. */
  readonly libraryParameters: string
  readonly env: Record<string, string>
  readonly [Symbol.dispose]: () => void
}

export function makeNss(): Nss {
  const modulePath = findSoftoken()
  if (modulePath === undefined) throw new Error('there is no libsoftokn3.so on this machine')
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-nss-'))
  const pin = 'a password of NSS, for tests'
  const pinFile = join(folder, 'pin')
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 })
  execFileSync('certutil', ['-N', '-d', `sql:${folder}`, '-f', pinFile], { stdio: 'pipe' })
  const token = encodeURIComponent('NSS Certificate DB')
  return {
    uri: `pkcs11:token=${token}?module-path=${modulePath}&pin-source=file:${pinFile}`,
    pin,
    libraryParameters: `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`,
    env: sourceEnvironment(),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
