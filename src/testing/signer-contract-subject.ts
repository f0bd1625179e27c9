/** A signer under test, and what its cases share. @module */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { inspect } from 'node:util'
import type { HashAlgorithm, SignatureAlgorithm } from '../crypto/algorithms.ts'
import { isSignerError, type SignerError } from '../errors.ts'
import type { Signer, SignRequest } from '../signers/signer.ts'

/** What a test may do to the backend of a signer. */
export type SignerContractFault = 'interrupt' | 'freeze' | 'corrupt'

/** A signer under test. Only `signer` must be given; the rest lets more cases run or see more. */
export type SignerContractSubject = {
  readonly signer: Signer
  /**
   * The same key of the same backend, with short deadlines: asked where the backend is away or frozen, so
   * that `signer` may have all the time that a busy machine needs. Default: `signer`.
   */
  readonly hasty?: Signer
  /** The curve that its key must be on. */
  readonly algorithm?: SignatureAlgorithm
  /** Private keys, PINs, credentials: what neither signer nor error may show, as text or as bytes. */
  readonly secrets?: readonly (string | Uint8Array)[]
  /** A verifier of your own, asked besides OpenSSL. */
  readonly verify?: (question: {
    readonly publicKey: Uint8Array
    readonly algorithm: SignatureAlgorithm
    readonly message: Uint8Array
    readonly hashAlgorithm: HashAlgorithm
    readonly signature: Uint8Array
  }) => boolean
  /** How many calls the backend may see at the same time, and the most that it has seen. */
  readonly atOnce?: { readonly limit: number; readonly highest: () => number }
  /** Within this time a call settles whatever the backend does. Default: 60,000. */
  readonly settlesWithinMs?: number
  /** The backend goes away: a call to it fails. */
  readonly interrupt?: () => Promise<void>
  /** The backend takes calls and answers none. */
  readonly freeze?: () => Promise<void>
  /** From now on the backend signs with another key, or its signatures arrive with one bit changed. */
  readonly corrupt?: (how: 'other-key' | 'flipped-bit') => Promise<void>
  /** Undoes `interrupt`, `freeze` and `corrupt`. */
  readonly restore?: () => Promise<void>
  /** Called once, after the last case. */
  readonly dispose?: () => Promise<void>
}

/** One thing that a signer must do. */
export type SignerContractCase = {
  /** A sentence whose subject is the signer. */
  readonly name: string
  /** What the subject must be able to do for this case to mean anything. */
  readonly needs: readonly SignerContractFault[]
  /** Rejects with an `Error` when the signer does otherwise. */
  readonly run: (subject: SignerContractSubject) => Promise<void>
}

export const message: Uint8Array = new TextEncoder().encode('FLOW-V0.0-user, as it were: a message')
export const hashAlgorithms: readonly HashAlgorithm[] = ['SHA2_256', 'SHA3_256']
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export const breach = (what: string): Error => new Error(`The signer contract: ${what}.`)

export function expectThat(holds: boolean, what: string): asserts holds {
  if (!holds) throw breach(what)
}

/** Signs the message of the contract, or what is given. */
export const sign = (
  { signer }: SignerContractSubject,
  more: Partial<SignRequest> = {},
): Promise<Uint8Array> => signer.sign({ message, hashAlgorithm: 'SHA3_256', ...more })

/** Resolves to what `call` rejects with; what it throws at once is a breach. */
export async function rejection(what: string, call: () => Promise<unknown>): Promise<unknown> {
  let promise: Promise<unknown>
  try {
    promise = Promise.resolve(call())
  } catch {
    throw breach(`${what}: it threw instead of rejecting`)
  }
  return promise.then(
    () => Promise.reject(breach(`${what}: it resolved, and should reject`)),
    (thrown: unknown) => thrown,
  )
}

/** @param what - Done by whom, for the sentence. @returns The error, when it is one of ours. */
export function expectReason(what: string, thrown: unknown): SignerError {
  expectThat(
    isSignerError(thrown) && /^[A-Z][A-Z0-9_]+$/.test(thrown.code),
    `${what}: it should reject with a SignerError that has a code, and gave ${nameOf(thrown)}`,
  )
  expectThat(
    /^(retry|hold|fail|refuse)$/.test(thrown.disposition),
    `${what}: the error says by no disposition what a caller may do`,
  )
  return thrown
}

const nameOf = (thrown: unknown) =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}`.slice(0, 200) : typeof thrown

/** Fails unless the promise settles in the time of the subject. */
export async function settled<T>(
  { settlesWithinMs = 60_000 }: SignerContractSubject,
  what: string,
  promise: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const text = `${what}: it has not settled within ${settlesWithinMs} ms`
    timer = setTimeout(() => reject(breach(text)), settlesWithinMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Whether OpenSSL, and the verifier of the subject, take it for a signature. */
export async function isSignature(
  subject: SignerContractSubject,
  question: {
    readonly message: Uint8Array
    readonly hashAlgorithm: HashAlgorithm
    readonly signature: Uint8Array
  },
): Promise<boolean> {
  const { bytes: publicKey, algorithm } = await subject.signer.publicKey()
  const { message: signed, hashAlgorithm, signature } = question
  const digest = hashAlgorithm === 'SHA2_256' ? 'sha256' : 'sha3-256'
  const key = { key: opensslKey(publicKey, algorithm), dsaEncoding: 'ieee-p1363' } as const
  const byOpenssl = verify(digest, signed, key, signature)
  const byOther = subject.verify?.({ publicKey, algorithm, ...question }) ?? byOpenssl
  expectThat(byOther === byOpenssl, 'the verifier of the subject and OpenSSL are of two minds')
  return byOpenssl
}

/** Shares no code with what verifies in the package. Throws unless it is a point on the curve. */
export function opensslKey(publicKey: Uint8Array, algorithm: SignatureAlgorithm): KeyObject {
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map((coordinate) =>
    Buffer.from(coordinate).toString('base64url'),
  )
  const crv = algorithm === 'ECDSA_P256' ? 'P-256' : 'secp256k1'
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv, x: x ?? '', y: y ?? '' } })
}

/** Fails when a secret, or the message, can be read in what is shown of a value and its causes. */
export function expectNoSecret(subject: SignerContractSubject, what: string, value: unknown): void {
  const everything = { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null }
  const shown = `${inspect(value, everything)}${textOf(value)}`.replace(/\s/g, '')
  const lower = shown.toLowerCase()
  for (const secret of [...(subject.secrets ?? []), message])
    for (const form of formsOf(secret))
      expectThat(
        !shown.includes(form) && !lower.includes(form),
        `${what} shows ${secret === message ? 'the message' : 'a secret'}`,
      )
}

function textOf(value: unknown): string {
  try {
    return `${String(value)}${JSON.stringify(value)}`
  } catch {
    return ''
  }
}

/** Bytes as an inspector, a log or a careless text would show them; without spaces. */
function formsOf(secret: string | Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret)
  const encoded = [bytes.toString('hex'), bytes.toString('base64url'), bytes.join(',')]
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  const text = bytes.toString('utf8').replace(/\s/g, '')
  return (typeof secret === 'string' ? [text] : [...encoded, base64, text]).filter(Boolean)
}
