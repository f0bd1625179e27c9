/** The keys of a service, and what each of them may sign. Deny by default. @module */

import { normalizeAddress } from '../crypto/address.ts'
import type { DecodedMessage } from '../crypto/message-decoding.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { KEY_NAME } from '../signers/remote/protocol.ts'
import type { Signer } from '../signers/signer.ts'
import { createVerifiedSigner } from '../signers/verified-signer.ts'

/** One key, and what it may sign; what is not named here is refused. */
export type ServiceKey = {
  readonly signer: Signer
  /** Addresses of the accounts it signs for. Only user messages name none. */
  readonly accounts?: readonly string[]
  /** Payloads that one of `accounts` proposes or authorises, when the policy allows them. */
  readonly payload?: boolean
  /** Envelopes that one of `accounts` pays for, when the policy allows their payload. */
  readonly envelope?: boolean
  /**
   * User messages of any content, which contracts may take for orders: `true`, or a function that
   * allows by returning `undefined`, as a policy does.
   */
  readonly userMessages?: boolean | UserMessageRule
  /** App identifiers whose account proofs it signs, for one of `accounts`. */
  readonly accountProofs?: readonly string[]
}

/**
 * @param content - What stands after the domain tag. Borrowed.
 * @returns `undefined` allows; to refuse, throw.
 */
export type UserMessageRule = (
  content: Uint8Array,
  context: { readonly key: string; readonly caller?: string },
) => undefined | void | Promise<undefined> | Promise<void>

/** A key ready to be used. */
export type ReadyKey = Required<Omit<ServiceKey, 'accounts' | 'accountProofs'>> & {
  readonly name: string
  readonly accounts: ReadonlySet<string>
  readonly accountProofs: ReadonlySet<string>
}

const known = ['signer', 'accounts', 'payload', 'envelope', 'userMessages', 'accountProofs']

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS` for keys that are none or allow nothing. */
export function compileKeys(
  keys: Readonly<Record<string, ServiceKey>>,
): ReadonlyMap<string, ReadyKey> {
  if (typeof keys !== 'object' || keys === null || Object.keys(keys).length === 0)
    throw invalid('keys', 'it is not an object with at least one key')
  return new Map(Object.entries(keys).map(([name, key]) => [name, compileKey(name, key)]))
}

function compileKey(name: string, key: ServiceKey): ReadyKey {
  const option = `keys.${name.slice(0, 40)}`
  if (!KEY_NAME.test(name))
    throw invalid(option, 'its name is not 1 to 128 letters, digits and ._:/@+-')
  assertKnownKeys(key, known)
  const { signer, accounts = [], accountProofs = [], userMessages = false } = key
  const { payload = false, envelope = false } = key
  if (typeof signer?.sign !== 'function' || typeof signer.publicKey !== 'function')
    throw invalid(`${option}.signer`, 'it is not a signer')
  if (!isTexts(accounts)) throw invalid(`${option}.accounts`, 'it is not a list of addresses')
  if (!isTexts(accountProofs) || accountProofs.includes(''))
    throw invalid(`${option}.accountProofs`, 'it is not a list of app identifiers')
  for (const [field, value] of Object.entries({ payload, envelope }))
    if (typeof value !== 'boolean')
      throw invalid(`${option}.${field}`, 'it is neither true nor false')
  if (typeof userMessages !== 'boolean' && typeof userMessages !== 'function')
    throw invalid(`${option}.userMessages`, 'it is neither true, false nor a function')
  const needsAccount = payload || envelope || accountProofs.length > 0
  if (needsAccount && accounts.length === 0)
    throw invalid(`${option}.accounts`, 'it is empty, so nothing could be signed')
  if (!needsAccount && userMessages === false)
    throw invalid(option, 'it may sign nothing: name payload, envelope or others')
  return Object.freeze({
    name,
    signer: createVerifiedSigner(signer),
    accounts: new Set(accounts.map(normalizeAddress)),
    payload,
    envelope,
    userMessages,
    accountProofs: new Set(accountProofs),
  })
}

/** @throws {SignerError} `SIGNING_DENIED` unless the key may sign such a message for such an account. */
export function assertAllowed(key: ReadyKey, message: DecodedMessage): void {
  const fault = faultOf(key, message)
  if (fault !== undefined) throw new SignerError('SIGNING_DENIED', { key: key.name, reason: fault })
}

function faultOf(key: ReadyKey, message: DecodedMessage): string | undefined {
  const holds = (addresses: readonly string[]) => addresses.some((one) => key.accounts.has(one))
  switch (message.kind) {
    case 'payload': {
      if (!key.payload) return 'the key signs no payloads'
      const { proposalKey, authorizers } = message.payload
      return holds([proposalKey.address, ...authorizers])
        ? undefined
        : 'neither proposer nor an authorizer is an account of the key'
    }
    case 'envelope':
      if (!key.envelope) return 'the key signs no envelopes'
      return holds([message.payload.payer]) ? undefined : 'the payer is no account of the key'
    case 'userMessage':
      return key.userMessages === false ? 'the key signs no user messages' : undefined
    case 'accountProof':
      if (!key.accountProofs.has(message.proof.appIdentifier))
        return 'the key signs no account proofs for this app'
      return holds([message.address]) ? undefined : 'the address is no account of the key'
  }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
