/** pkcs11js and the vendor's library, loaded in this process only. @module */

import { readFileSync } from 'node:fs'
import type { PKCS11 } from 'pkcs11js'
import { faultError, returnValue } from './faults.ts'

/** The package, with its constants. */
export type Pkcs11Js = typeof import('pkcs11js')

/** The vendor's library, initialised. */
export type Library = { readonly js: Pkcs11Js; readonly module: PKCS11 }

/** Loads the package: missing, and there but not built, are two faults. */
async function loadPackage(): Promise<Pkcs11Js> {
  try {
    const loaded = await import('pkcs11js')
    return loaded.default
  } catch (thrown) {
    const { code, message }: { code?: unknown; message?: unknown } =
      typeof thrown === 'object' && thrown !== null ? thrown : {}
    if (code === 'ERR_MODULE_NOT_FOUND') throw faultError({ kind: 'package-missing' })
    const isAbsent = code === 'MODULE_NOT_FOUND' && String(message).includes('pkcs11.node')
    const reason = isAbsent
      ? 'its native half is not there'
      : 'its native half does not load here: it was built for another machine'
    throw faultError({ kind: 'not-built', reason })
  }
}

/** @param libraryParameters - For a library that reads its settings there, such as NSS softoken. */
export async function loadLibrary(path: string, libraryParameters?: string): Promise<Library> {
  const js = await loadPackage()
  const module = new js.PKCS11()
  assertLibrary(path)
  try {
    module.load(path)
  } catch {
    const reason = 'it cannot be loaded as a PKCS#11 library of this machine'
    throw faultError({ kind: 'module', reason })
  }
  try {
    module.C_Initialize({
      flags: js.CKF_OS_LOCKING_OK,
      ...(libraryParameters === undefined ? {} : { libraryParameters }),
    })
  } catch (thrown) {
    const value = returnValue(thrown)
    if (value !== 'CKR_CRYPTOKI_ALREADY_INITIALIZED') throw initialising(value)
  }
  return { js, module }
}

const initialising = (value: string | undefined) =>
  value === 'CKR_ARGUMENTS_BAD' || value === 'CKR_CANT_LOCK' || value === undefined
    ? faultError({ kind: 'module', reason: `C_Initialize answers ${value ?? 'nothing known'}` })
    : faultError({ kind: 'device', reason: `C_Initialize: ${value}`, lost: true })

/** Says what is wrong with the file; the loader of the system would quote its own text. */
function assertLibrary(path: string): void {
  const wrong = (reason: string) => faultError({ kind: 'module', reason })
  let start: Buffer
  try {
    start = readFileSync(path).subarray(0, 4)
  } catch (thrown) {
    const { code }: { code?: unknown } = typeof thrown === 'object' && thrown !== null ? thrown : {}
    if (code === 'ENOENT' || code === 'ENOTDIR') throw wrong('there is no such file')
    if (code === 'EISDIR') throw wrong('it is a folder')
    throw wrong(`it cannot be read (${typeof code === 'string' ? code : 'unknown'})`)
  }
  if (process.platform === 'linux' && start.toString('latin1') !== '\x7fELF')
    throw wrong('it is not a library')
}
