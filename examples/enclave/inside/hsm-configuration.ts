/** Where a key on an HSM is, as enclave.json says it: no PIN in clear, and one way to each token. @module */

import { isSignerError } from 'fcl-kms'
import { type KeyName, parsePkcs11Uri, showPkcs11Uri } from '../../../src/signers/pkcs11/uri.ts'
import { invalid, readObject, readText } from './reading.ts'

/** A key on a token. */
export type HsmKey = {
  /** Of a key on the token, with `module-path` and without a PIN. */
  readonly uri: string
  /** Absolute path of the vendor's library in the guest. */
  readonly modulePath: string
  /** Equal for keys that one module finds on one token. */
  readonly place: string
  /** Joins the encryption context of the PIN: the label of the token. */
  readonly token: string
  readonly key: KeyName
  /** What KMS made of the PIN: 1 to 6,144 bytes. */
  readonly sealedPin: Uint8Array
  /** The whole environment of the process in which the module runs. */
  readonly env: Readonly<Record<string, string>>
}

/** As long as what KMS decrypts. */
const MAX_SEALED_BYTES = 6_144
/** What changes which code runs, where the ramdisk says what runs. */
const REFUSED = /^(LD_|NODE_|UV_|GCONV_PATH$)/

/** @throws {SignerError} `ENCLAVE_CONFIGURATION_INVALID`; nothing of the PIN is shown. */
export function readHsmKey(path: string, value: unknown): HsmKey {
  const fields = readObject(path, value, ['uri', 'sealedPin', 'env'])
  const uri = readText(`${path}.uri`, fields['uri'], /^pkcs11:[\x21-\x7e]{1,2000}$/)
  return {
    ...readUri(`${path}.uri`, uri),
    sealedPin: readSealed(`${path}.sealedPin`, fields['sealedPin']),
    env: readEnvironment(`${path}.env`, fields['env']),
  }
}

function readUri(path: string, uri: string): Omit<HsmKey, 'sealedPin' | 'env'> {
  const { modulePath, token, key, pinFile, pinValue } = parsed(path, uri)
  if ((pinFile ?? pinValue) !== undefined)
    throw invalid(`${path}: a PIN in the image can be read by its parent; give sealedPin instead`)
  const { label, serial, manufacturer, model } = token
  if (label === undefined) throw invalid(`${path}: it names no token, for which the PIN is sealed`)
  if (key.label === undefined && key.id === undefined)
    throw invalid(`${path}: it names no key, by object or id`)
  const place = JSON.stringify([modulePath, label, serial, manufacturer, model])
  return { uri, modulePath, place, token: label, key }
}

function parsed(path: string, uri: string): ReturnType<typeof parsePkcs11Uri> {
  try {
    return parsePkcs11Uri(uri)
  } catch (thrown) {
    if (isSignerError(thrown, 'INVALID_OPTION')) throw invalid(`${path}: ${thrown.context.reason}`)
    throw thrown
  }
}

function readSealed(path: string, value: unknown): Uint8Array {
  const text = readText(path, value, /^[A-Za-z0-9+/]{1,8192}={0,2}$/)
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length > MAX_SEALED_BYTES || bytes.toString('base64') !== text)
    throw invalid(`${path}: it is not base64 of 1 to ${MAX_SEALED_BYTES} bytes`)
  return new Uint8Array(bytes)
}

function readEnvironment(path: string, value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(value === undefined ? {} : readObject(path, value))
  if (entries.length > 50) throw invalid(`${path}: it has more than 50 variables`)
  return Object.fromEntries(
    entries.map(([name, text]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(name) || REFUSED.test(name))
        throw invalid(`${path}: ${name.slice(0, 40)} is no name of a variable, or may not be set`)
      return [name, readText(`${path}.${name}`, text, /^[\x20-\x7e]{0,1000}$/)]
    }),
  )
}

/** @throws {SignerError} `ENCLAVE_CONFIGURATION_INVALID` where keys of one token come by two ways. */
export function assertOneSetting(keys: readonly HsmKey[]): void {
  const known = new Map<string, HsmKey>()
  for (const one of keys) {
    const { token, sealedPin, env } = known.get(one.place) ?? one
    known.set(one.place, one)
    const isSame =
      Buffer.compare(sealedPin, one.sealedPin) === 0 &&
      JSON.stringify(env) === JSON.stringify(one.env)
    if (!isSame)
      throw invalid(
        `keys: those of ${showPkcs11Uri({ token: { label: token }, key: {} })} differ in sealedPin or env`,
      )
  }
}
