/** An attestation document from bytes to claims: COSE_Sign1 and CBOR, strictly. Nothing is verified here. @module */

import { encode } from 'cborg'
import { bytesOrNone } from '../crypto/arguments.ts'
import { equalBytes } from '../crypto/bytes.ts'
import { SignerError } from '../errors.ts'
import { readCbor } from './cbor.ts'

/** What a document says. */
export type AttestationClaims = {
  readonly moduleId: string
  readonly timestamp: number
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** DER of the certificate of the enclave. */
  readonly certificate: Uint8Array
  /** DER of those above it, the root first. */
  readonly cabundle: readonly Uint8Array[]
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
}

/** The largest answer of the Nitro Secure Module. */
const MAX_BYTES = 0x3000
const MAX_FIELD_BYTES = 1_024
const MAX_CERTIFICATES = 8
/** { 1: -35 }: ES384, the only algorithm there is. */
const ES384 = Uint8Array.of(0xa1, 0x01, 0x38, 0x22)
const TAG_18 = 0xd2

/**
 * @returns The claims, the bytes that were signed, and the 96 bytes of the signature.
 * @throws {SignerError} `ATTESTATION_MALFORMED`.
 */
export function readDocument(document: Uint8Array): {
  readonly claims: AttestationClaims
  readonly signed: Uint8Array
  readonly signature: Uint8Array
} {
  const bytes = bytesOrNone(document)
  if (bytes === undefined) throw malformed('it is not bytes')
  if (bytes.length > MAX_BYTES) throw malformed(`it has more than ${MAX_BYTES} bytes`)
  const outer = read(bytes[0] === TAG_18 ? bytes.subarray(1) : bytes)
  const [header, open, payload, signature, ...rest] = Array.isArray(outer) ? outer : []
  if (!isBytes(header) || !isBytes(payload) || !isBytes(signature) || rest.length > 0)
    throw malformed('it is not COSE_Sign1')
  if (!equalBytes(header, ES384)) throw malformed('it is not signed by ES384')
  if (!(open instanceof Map) || open.size > 0) throw malformed('it has headers that nobody signed')
  if (signature.length !== 96) throw malformed('its signature has not 96 bytes')
  return {
    claims: claimsOf(read(payload)),
    signed: encode(['Signature1', header, new Uint8Array(), payload]),
    signature,
  }
}

function claimsOf(value: unknown): AttestationClaims {
  const fields = fieldsOf(value)
  const { module_id: moduleId, digest, timestamp, pcrs, certificate, cabundle } = fields
  if (typeof moduleId !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(moduleId))
    throw malformed('module_id is not a name')
  if (digest !== 'SHA384') throw malformed('digest is not SHA384')
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp <= 0)
    throw malformed('timestamp is not a time')
  const publicKey = optional(fields, 'public_key')
  const userData = optional(fields, 'user_data')
  const nonce = optional(fields, 'nonce')
  return {
    moduleId,
    timestamp,
    pcrs: pcrsOf(pcrs),
    certificate: field('certificate', certificate),
    cabundle: bundleOf(cabundle),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(userData === undefined ? {} : { userData }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}

const required = ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle']
const optionalNames = ['public_key', 'user_data', 'nonce']

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!(value instanceof Map)) throw malformed('its payload is not a map')
  for (const name of required) if (!value.has(name)) throw malformed(`${name} is missing`)
  for (const name of value.keys())
    if (!required.includes(name) && !optionalNames.includes(name))
      throw malformed('it has a field that is not known')
  return Object.fromEntries(value)
}

function pcrsOf(value: unknown): ReadonlyMap<number, Uint8Array> {
  if (!(value instanceof Map) || value.size === 0 || value.size > 32)
    throw malformed('pcrs are not 1 to 32')
  const pcrs = new Map<number, Uint8Array>()
  for (const [index, bytes] of value) {
    if (!Number.isInteger(index) || index < 0 || index > 31) throw malformed('a PCR has no number')
    if (!isBytes(bytes) || bytes.length !== 48) throw malformed('a PCR has not 48 bytes')
    pcrs.set(index, bytes)
  }
  return pcrs
}

function bundleOf(value: unknown): readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_CERTIFICATES)
    throw malformed(`cabundle has not 1 to ${MAX_CERTIFICATES} certificates`)
  return value.map((one) => field('cabundle', one))
}

/** Absent ones are null. */
function optional(fields: Readonly<Record<string, unknown>>, name: string): Uint8Array | undefined {
  const value = fields[name]
  return value === undefined || value === null ? undefined : field(name, value)
}

function field(name: string, value: unknown): Uint8Array {
  if (isBytes(value) && value.length > 0 && value.length <= MAX_FIELD_BYTES) return value
  throw malformed(`${name} is not 1 to ${MAX_FIELD_BYTES} bytes`)
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

function read(bytes: Uint8Array): unknown {
  const value = readCbor(bytes)
  if (value === undefined) throw malformed('it is not CBOR in its strict form')
  return value
}

/** For all modules of this folder that read bytes. */
export const malformed = (reason: string): SignerError =>
  new SignerError('ATTESTATION_MALFORMED', { reason })
