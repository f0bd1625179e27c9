/** Whether an attestation document comes from Nitro hardware, is fresh, and tells the measurements that were expected. @module */

import { verify } from 'node:crypto'
import { bytesOrNone } from '../crypto/arguments.ts'
import { equalBytes } from '../crypto/bytes.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys, invalid } from '../options.ts'
import { assertChain, rootOf } from './certificate-chain.ts'
import { type AttestationClaims, readDocument } from './document.ts'

/** What a document must say. */
export type AttestationExpectation = {
  /**
   * Platform configuration registers by their number, 96 hexadecimal digits each: at least one. 0 is the
   * whole image, 1 the kernel and its first ramdisk, 2 the application, 3 the role of the parent's
   * instance, 4 that instance, 8 the certificate that signed the image. One of zeros only is refused:
   * it is what an enclave in debug mode has.
   */
  readonly pcrs: Readonly<Record<number, string>>
  /**
   * What the enclave was asked to put into it, 1 to 1,024 bytes that nobody could know before, which
   * proves that the document was made for this question. `'unchecked'` for one that was kept: then its
   * `timestamp` alone says how old it is.
   */
  readonly nonce: Uint8Array | 'unchecked'
  /** Milliseconds since 1970 at which everything must be valid. Default: now. */
  readonly now?: number
  /** Milliseconds that a document is good for. Default 300,000. */
  readonly maxAgeMs?: number
  /** DER of the root certificate. Default: AWS Nitro Enclaves Root G1, by its SHA-256. */
  readonly root?: Uint8Array
}

/** What was proved, all of it told by the hardware. */
export type Attestation = {
  /** Instance and enclave, such as `i-0697c9729fa547b20-enc0183422ede9a5dc8`. */
  readonly moduleId: string
  /** Milliseconds since 1970 when it was made, by the clock of the hardware. */
  readonly timestamp: number
  /** 96 lower-case digits each, by number. */
  readonly pcrs: Readonly<Record<number, string>>
  /** What the enclave put into it: DER of a key, by custom. */
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
}

const MAX_AGE_MS = 300_000
/** By how much two clocks that are right may differ. */
const SKEW_MS = 60_000

/**
 * Strict CBOR and COSE, ES384 by the certificate of the enclave, the chain of certificates up to the
 * root with its uses, lengths and times, then what was expected. Makes no call; there are no lists of
 * revoked certificates for Nitro, whose last one is valid for three hours.
 *
 * @param document - COSE_Sign1 as the Nitro Secure Module gives it, at most 12,288 bytes. Neither
 * modified nor retained.
 * @throws {SignerError} `ATTESTATION_MALFORMED`, `ATTESTATION_UNTRUSTED` when another root, chain or key
 * has signed, `ATTESTATION_STALE` when a time does not fit, `ATTESTATION_MISMATCH` when it is real and
 * about something else; `INVALID_OPTION`.
 * @see https://github.com/aws/aws-nitro-enclaves-nsm-api/blob/main/docs/attestation_process.md
 */
export function verifyAttestation(
  document: Uint8Array,
  expected: AttestationExpectation,
): Attestation {
  assertKnownKeys(expected, ['pcrs', 'nonce', 'now', 'maxAgeMs', 'root'])
  const { pcrs, ...origin } = expected
  const expectedPcrs = readyPcrs(pcrs)
  const attestation = verifyOrigin(document, origin)
  assertMeasurements(attestation, expectedPcrs)
  return attestation
}

/**
 * Debug mode is refused whatever was expected: that another register fits would not help.
 *
 * @throws {SignerError} `ATTESTATION_MISMATCH`.
 */
export function assertMeasurements(
  attestation: Attestation,
  expected: ReadonlyMap<number, string>,
): void {
  const [other] = differingPcrs(attestation, expected)
  if (isDebugMode(attestation))
    throw new SignerError('ATTESTATION_MISMATCH', { reason: 'it runs in debug mode' })
  if (other !== undefined)
    throw new SignerError('ATTESTATION_MISMATCH', { reason: `PCR${other} is another` })
}

/** Everything that a document must say but the measurements. */
export type AttestationOrigin = Omit<AttestationExpectation, 'pcrs'>

/**
 * `verifyAttestation` without the measurements: any image at all may have made the document, so this
 * proves nothing of what runs. For who compares them himself.
 *
 * @throws {SignerError} As `verifyAttestation`.
 */
export function verifyOrigin(document: Uint8Array, origin: AttestationOrigin): Attestation {
  const ready = readyOf(origin)
  const { claims, signed, signature } = readDocument(document)
  const publicKey = assertChain(claims, ready.root, ready.now)
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha384', signed, key, signature))
    throw new SignerError('ATTESTATION_UNTRUSTED', { reason: 'its signature is of another key' })
  assertFresh(claims, ready)
  assertAsked(claims, ready)
  return attestationOf(claims)
}

/** Whether it is what an enclave in debug mode has, whose console and memory its parent reads. */
export const isDebugMode = ({ pcrs }: Attestation): boolean => !/[^0]/.test(pcrs[0] ?? '')

/** @returns The numbers of registers that are another, or are not there. */
export const differingPcrs = (
  { pcrs }: Attestation,
  expected: ReadonlyMap<number, string>,
): readonly number[] =>
  [...expected].flatMap(([index, digits]) => (pcrs[index] === digits ? [] : [index]))

/** @throws {SignerError} `INVALID_OPTION`, before anything is asked. */
export const assertOrigin = (origin: AttestationOrigin): void => void readyOf(origin)

type Ready = ReturnType<typeof readyOf>

function readyOf({ nonce, now = Date.now(), maxAgeMs = MAX_AGE_MS, root }: AttestationOrigin) {
  if (!Number.isFinite(now)) throw invalid('now', 'it is not a time in milliseconds')
  if (!Number.isFinite(maxAgeMs) || maxAgeMs <= 0)
    throw invalid('maxAgeMs', 'it is not a positive number of milliseconds')
  if (nonce !== 'unchecked' && !isNonce(nonce))
    throw invalid('nonce', "it is neither 1 to 1,024 bytes nor 'unchecked'")
  return { nonce, now, maxAgeMs, root: rootOf(root) }
}

function isNonce(nonce: Uint8Array): boolean {
  const { length = 0 } = bytesOrNone(nonce) ?? {}
  return length > 0 && length <= 1_024
}

/**
 * @returns The expected digits in lower case, by number.
 * @throws {SignerError} `INVALID_OPTION` for none, and for zeros.
 */
export function readyPcrs(pcrs: AttestationExpectation['pcrs']): ReadonlyMap<number, string> {
  const entries = typeof pcrs === 'object' && pcrs !== null ? Object.entries(pcrs) : []
  if (entries.length === 0) throw invalid('pcrs', 'it names none, so every enclave would do')
  const known = new Map<number, string>()
  for (const [name, digits] of entries) {
    const option = `pcrs.${name}`
    if (!/^(\d|[12]\d|3[01])$/.test(name)) throw invalid(option, 'there are 0 to 31')
    if (typeof digits !== 'string' || !/^[0-9a-f]{96}$/i.test(digits))
      throw invalid(option, 'it is not 96 hexadecimal digits')
    if (/^0+$/.test(digits)) throw invalid(option, 'zeros are what an enclave in debug mode has')
    known.set(Number(name), digits.toLowerCase())
  }
  return known
}

function assertFresh({ timestamp }: AttestationClaims, { now, maxAgeMs }: Ready): void {
  const ageMs = now - timestamp
  if (ageMs > maxAgeMs || ageMs < -SKEW_MS)
    throw new SignerError('ATTESTATION_STALE', {
      reason: `it was made ${Math.round(Math.abs(ageMs) / 1_000)} s ${ageMs > 0 ? 'ago' : 'ahead'}`,
    })
}

function assertAsked(claims: AttestationClaims, { nonce }: Ready): void {
  if (nonce !== 'unchecked' && !equalBytes(claims.nonce ?? new Uint8Array(), nonce))
    throw new SignerError('ATTESTATION_MISMATCH', { reason: 'it was not made for this nonce' })
}

function attestationOf(claims: AttestationClaims): Attestation {
  const { moduleId, timestamp, pcrs, publicKey, userData, nonce } = claims
  const digits = [...pcrs].map(([index, bytes]) => [index, bytesToHex(bytes)] as const)
  return Object.freeze({
    moduleId,
    timestamp,
    pcrs: Object.freeze(Object.fromEntries(digits)),
    ...(publicKey === undefined ? {} : { publicKey: publicKey.slice() }),
    ...(userData === undefined ? {} : { userData: userData.slice() }),
    ...(nonce === undefined ? {} : { nonce: nonce.slice() }),
  })
}
