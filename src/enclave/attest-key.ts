/** Asks a signing service which image keeps a key, and believes the hardware alone. @module */

import { randomBytes } from 'node:crypto'
import type { SignatureAlgorithm } from '../crypto/algorithms.ts'
import { checkedObject } from '../crypto/arguments.ts'
import { equalBytes } from '../crypto/bytes.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { SignerError } from '../errors.ts'
import { assertSignal, invalid } from '../options.ts'
import { encodeAttestedKey } from '../signers/remote/attested-key.ts'
import { callService } from '../signers/remote/call.ts'
import {
  type RemoteSignerOptions,
  type RemoteSignerWay,
  readOptions,
} from '../signers/remote/options.ts'
import type { ServiceAnswer } from '../signers/remote/protocol.ts'
import type { SignerPublicKey } from '../signers/signer.ts'
import {
  type Attestation,
  type AttestationExpectation,
  assertMeasurements,
  assertOrigin,
  readyPcrs,
  verifyOrigin,
} from './attestation.ts'

/** The way to the service as for `createRemoteSigner`, and what the enclave must be. */
export type AttestKeyOptions = RemoteSignerWay &
  Omit<RemoteSignerOptions, keyof RemoteSignerWay | 'approvals'> &
  Omit<AttestationExpectation, 'nonce'> & { readonly signal?: AbortSignal }

/** A key that an enclave of that image keeps. */
export type KeyAttestation = {
  readonly attestation: Attestation
  /** 128 lower-case hexadecimal digits, X‖Y: as `createRemoteSigner` and `fcl-kms accounts create` take it. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
}

/**
 * Asks with 32 random bytes of its own. The document must be of the hardware, of now, of this
 * question and of the expected image, and name this key with the public key of the answer, which the
 * enclave has signed with before. What stands between can change nothing, and may be anybody's: the
 * key is proved, not the way to it. So pin `publicKey` where signatures are asked for.
 *
 * @throws {SignerError} `INVALID_OPTION`, `ATTESTATION_…` as `verifyAttestation`, with
 * `ATTESTATION_MISMATCH` also for another key; `REMOTE_SIGNER_REPLY_MISMATCH` for an answer that is about
 * another key, has no document, or not the `publicKey` that was given; any code of `createRemoteSigner`,
 * of which `REMOTE_SIGNER_REQUEST_REFUSED` with `serviceCode` `ATTESTATION_UNAVAILABLE` is a service
 * outside an enclave. Rejects with `signal.reason` when that aborts.
 */
export async function attestKey(options: AttestKeyOptions): Promise<KeyAttestation> {
  const { pcrs, ...rest } = checkedObject('options', options)
  const expected = readyPcrs(pcrs)
  const attested = await attestOrigin(rest)
  assertMeasurements(attested.attestation, expected)
  return attested
}

/** `attestKey` without the measurements: proves nothing of what runs. */
export async function attestOrigin(
  options: Omit<AttestKeyOptions, 'pcrs'>,
): Promise<KeyAttestation> {
  const { now, maxAgeMs, root, signal, ...way } = options
  assertSignal(signal)
  if ('approvals' in way) throw invalid('approvals', 'nothing that needs one is signed here')
  // What is left of a union is none to the compiler; each name and value is looked at there.
  const { transport, limits, key, pinned } = readOptions(way as RemoteSignerOptions)
  const origin = {
    ...(now === undefined ? {} : { now }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(root === undefined ? {} : { root }),
  }
  const signerId = `remote:${key}@${transport.target}`.slice(0, 300)
  const nonce = new Uint8Array(randomBytes(32))
  assertOrigin({ ...origin, nonce })
  const request = { operation: 'attest', key, nonce } as const
  const { answer } = await callService({ transport, limits, signerId, request, signal })
  const field = otherField(answer, key, pinned)
  if (field !== undefined)
    throw new SignerError('REMOTE_SIGNER_REPLY_MISMATCH', { signerId, field })
  const { document = new Uint8Array(), publicKey, signatureAlgorithm } = answer
  const attestation = verifyOrigin(document, { ...origin, nonce })
  const said = attestation.userData ?? new Uint8Array()
  if (!equalBytes(said, encodeAttestedKey({ key, publicKey, signatureAlgorithm })))
    throw mismatch('it does not name the key and public key of the answer')
  return Object.freeze({ attestation, publicKey: bytesToHex(publicKey), signatureAlgorithm })
}

/** @returns What is about something else, or not there. */
function otherField(
  answer: ServiceAnswer,
  key: string,
  pinned: SignerPublicKey | undefined,
): string | undefined {
  if (answer.key !== key) return 'key'
  if (answer.document === undefined) return 'document'
  if (pinned === undefined) return undefined
  if (answer.signatureAlgorithm !== pinned.algorithm) return 'signatureAlgorithm'
  return equalBytes(answer.publicKey, pinned.bytes) ? undefined : 'publicKey'
}

const mismatch = (reason: string) => new SignerError('ATTESTATION_MISMATCH', { reason })
