/** Keys of a token: found, judged before their first use, and made. @module */

import type { Attribute, Handle } from 'pkcs11js'
import type { SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import type { FoundKey, NewKey } from '../protocol.ts'
import type { KeyName } from '../uri.ts'
import { faultError, returnValue } from './faults.ts'
import type { Library } from './library.ts'

/** The object identifiers of the curves, as DER. @see SEC 2 A.2 */
const curves: Readonly<Record<SignatureAlgorithm, string>> = {
  ECDSA_P256: '06082a8648ce3d030107',
  ECDSA_secp256k1: '06052b8104000a',
}

/** Objects found with one search; more are not looked at. */
const MOST = 100

/** A key as the token knows it. */
export type KeyObject = Omit<FoundKey, 'handle'> & { readonly object: Handle }

/**
 * @throws A fault unless there is exactly one private key of this name, it can sign, it can never
 * leave the token, and its public key is there on one of the two curves.
 */
export function findKey(library: Library, session: Handle, name: KeyName): KeyObject {
  const { js } = library
  const [object, ...others] = search(library, session, js.CKO_PRIVATE_KEY, name)
  if (object === undefined) throw faultError({ kind: 'key-missing' })
  if (others.length > 0) throw faultError({ kind: 'key-ambiguous', matches: others.length + 1 })
  const read = reader(library, session, object)
  const unusable = (reason: string) => faultError({ kind: 'key-unusable', reason })
  if (read.number(js.CKA_KEY_TYPE) !== js.CKK_EC) throw unusable('it is no elliptic-curve key')
  if (read.flag(js.CKA_EXTRACTABLE) !== false)
    throw unusable('it is extractable: whoever has the PIN can read it out')
  if (read.flag(js.CKA_SENSITIVE) !== true)
    throw unusable('it is not sensitive: whoever has the PIN can read it out')
  if (read.flag(js.CKA_SIGN) === false) throw unusable('it may not sign')
  if (read.flag(js.CKA_ALWAYS_AUTHENTICATE) === true)
    throw unusable('it asks for the PIN at each signature')
  const id = read.bytes(js.CKA_ID)?.toString('hex') ?? ''
  const label = read.bytes(js.CKA_LABEL)?.toString('utf8') ?? ''
  const known = { label, id }
  const { publicKey, algorithm } = publicKeyOf(library, session, known)
  const own = algorithmOf(read.bytes(js.CKA_EC_PARAMS))
  if (own !== undefined && own !== algorithm)
    throw unusable('its public key object is of another curve')
  const local = read.flag(js.CKA_LOCAL)
  const neverExtractable = read.flag(js.CKA_NEVER_EXTRACTABLE)
  return {
    object,
    publicKey,
    algorithm,
    ...known,
    ...(local === undefined ? {} : { local }),
    ...(neverExtractable === undefined ? {} : { neverExtractable }),
  }
}

/** The private object has no point: it is that of the public object of the same id. */
function publicKeyOf(library: Library, session: Handle, { id, label }: Required<KeyName>) {
  const { js } = library
  const unusable = (reason: string) => faultError({ kind: 'key-unusable', reason })
  const name = id === '' ? { label } : { id }
  if (id === '' && label === '') throw unusable('it has neither id nor label')
  const objects = search(library, session, js.CKO_PUBLIC_KEY, name)
  const found = objects.map((object) => {
    const read = reader(library, session, object)
    const params = read.bytes(js.CKA_EC_PARAMS)
    const point = read.bytes(js.CKA_EC_POINT)
    return { algorithm: algorithmOf(params), point: point && pointOf(point) }
  })
  const [first] = found
  if (first === undefined) throw unusable('its public key object is missing')
  if (found.some(({ point }) => !isSame(point, first.point)))
    throw unusable('several public key objects have its id, and they are not the same key')
  const { algorithm, point } = first
  if (algorithm === undefined) throw unusable('its curve is neither P-256 nor secp256k1')
  if (point === undefined) throw unusable('its public key is not an uncompressed point of 64 bytes')
  return { publicKey: new Uint8Array(point), algorithm }
}

const isSame = (one: Buffer | undefined, other: Buffer | undefined) =>
  one === undefined || other === undefined ? one === other : one.equals(other)

function algorithmOf(params: Buffer | undefined): SignatureAlgorithm | undefined {
  const hex = params?.toString('hex')
  if (hex === curves.ECDSA_P256) return 'ECDSA_P256'
  return hex === curves.ECDSA_secp256k1 ? 'ECDSA_secp256k1' : undefined
}

/** X‖Y of `04 X Y`, which most modules wrap in an OCTET STRING (04 41) and some do not. */
function pointOf(value: Buffer): Buffer | undefined {
  const isWrapped = value.length === 67 && value[0] === 4 && value[1] === 65
  const point = isWrapped ? value.subarray(2) : value
  return point.length === 65 && point[0] === 4 ? point.subarray(1) : undefined
}

function search(
  { js, module }: Library,
  session: Handle,
  objectClass: number,
  { label, id }: KeyName,
): readonly Handle[] {
  const template: Attribute[] = [{ type: js.CKA_CLASS, value: objectClass }]
  if (label !== undefined) template.push({ type: js.CKA_LABEL, value: label })
  if (id !== undefined) template.push({ type: js.CKA_ID, value: Buffer.from(id, 'hex') })
  module.C_FindObjectsInit(session, template)
  try {
    return module.C_FindObjects(session, MOST)
  } finally {
    module.C_FindObjectsFinal(session)
  }
}

/** One attribute at a time: a token that does not know one fails for all that are asked with it. */
function reader({ module }: Library, session: Handle, object: Handle) {
  const bytes = (type: number): Buffer | undefined => {
    try {
      return module.C_GetAttributeValue(session, object, [{ type }])[0]?.value
    } catch (thrown) {
      const value = returnValue(thrown)
      if (value === 'CKR_ATTRIBUTE_TYPE_INVALID' || value === 'CKR_ATTRIBUTE_SENSITIVE')
        return undefined
      throw thrown
    }
  }
  const flag = (type: number): boolean | undefined => {
    const value = bytes(type)
    return value === undefined || value.length === 0 ? undefined : value[0] !== 0
  }
  const number = (type: number): number | undefined => {
    const value = bytes(type)
    return value === undefined || value.length < 4 ? undefined : value.readUInt32LE(0)
  }
  return { bytes, flag, number }
}

/**
 * Makes a key pair that stays on the token: sensitive, never extractable, for signatures only.
 *
 * @throws A fault, and makes nothing, when the label or the id is taken.
 */
export function createKey(library: Library, session: Handle, key: NewKey): KeyObject {
  const { js, module } = library
  for (const name of [{ label: key.label }, { id: key.id }])
    for (const objectClass of [js.CKO_PRIVATE_KEY, js.CKO_PUBLIC_KEY])
      if (search(library, session, objectClass, name).length > 0)
        throw faultError({ kind: 'key-exists' })
  const common: Attribute[] = [
    { type: js.CKA_TOKEN, value: true },
    { type: js.CKA_LABEL, value: key.label },
    { type: js.CKA_ID, value: Buffer.from(key.id, 'hex') },
  ]
  const ofPublic: Attribute[] = [
    { type: js.CKA_VERIFY, value: true },
    { type: js.CKA_EC_PARAMS, value: Buffer.from(curves[key.algorithm], 'hex') },
  ]
  const ofPrivate: Attribute[] = [
    { type: js.CKA_PRIVATE, value: true },
    { type: js.CKA_SENSITIVE, value: true },
    { type: js.CKA_EXTRACTABLE, value: false },
    { type: js.CKA_SIGN, value: true },
  ]
  try {
    module.C_GenerateKeyPair(
      session,
      { mechanism: js.CKM_EC_KEY_PAIR_GEN },
      [...common, ...ofPublic],
      [...common, ...ofPrivate],
    )
  } catch (thrown) {
    throw generationFault(returnValue(thrown), key) ?? thrown
  }
  try {
    return findKey(library, session, { label: key.label, id: key.id })
  } catch {
    throw faultError({ kind: 'key-incomplete', step: 'it was made, but cannot be read back' })
  }
}

function generationFault(value: string | undefined, { algorithm }: NewKey): Error | undefined {
  const wrong = (reason: string) => faultError({ kind: 'key-unusable', reason })
  if (value === 'CKR_TOKEN_WRITE_PROTECTED' || value === 'CKR_SESSION_READ_ONLY')
    return wrong(`the token cannot be written to (${value})`)
  if (value === 'CKR_MECHANISM_INVALID')
    return wrong(`the token makes no elliptic-curve keys (${value})`)
  const isOfCurve =
    value !== undefined &&
    /^CKR_(DOMAIN_PARAMS_INVALID|CURVE_NOT_SUPPORTED|ATTRIBUTE_VALUE_INVALID|TEMPLATE_INCONSISTENT)$/.test(
      value,
    )
  return isOfCurve ? wrong(`the token makes no keys of ${algorithm} (${value})`) : undefined
}
