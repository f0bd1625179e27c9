/** The façade that integrators of FCL know. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import { normalizeAddress } from '../crypto/address.ts'
import { bytesToHex, hexToBytes } from '../crypto/hex.ts'
import { type AccountProof, accountProofMessage, userMessage } from '../crypto/messages.ts'
import type { Transaction } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { createAwsKmsSigner } from '../signers/aws-kms/aws-kms-signer.ts'
import type { KmsLimits } from '../signers/aws-kms/limits.ts'
import type { Signer } from '../signers/signer.ts'
import { createAuthorizationFunction } from './authorization-function.ts'
import { type FlowPublicKey, readPublicKeys } from './bound-account.ts'
import { compositeSignature } from './composite-signature.ts'
import {
  type AuthorizerOptions,
  choose,
  createEngine,
  type Engine,
  engineOptionNames,
} from './engine.ts'
import type { AuthorizationFunction, CompositeSignature } from './fcl-types.ts'
import type { SignPurpose } from './observer.ts'
import { openProposalKey } from './proposal-key.ts'
import { type AuthorizeOptions, chooseKeys, parseSelection, type Selection } from './selection.ts'
import { createSignOnce } from './sign-once.ts'
import { signTransaction } from './sign-transaction.ts'
import { transactionContext } from './transaction-context.ts'

/** Options of `new KmsAuthorizer`. */
export type KmsAuthorizerOptions = AuthorizerOptions & {
  /** How long calls to KMS may take. */
  readonly limits?: Partial<KmsLimits>
}

/** A made-up first argument: `fromSigners` brings signers where the constructor makes them. */
class ReadySigners {
  readonly signers: readonly Signer[]
  constructor(signers: readonly Signer[]) {
    this.signers = signers
  }
}

let readEngine: (authorizer: KmsAuthorizer) => Engine

/**
 * For the pool and the relay, which share what their authorizer knows.
 *
 * @throws {SignerError} `INVALID_OPTION` for anything else than an authorizer of this package.
 */
export function engineOf(authorizer: KmsAuthorizer): Engine {
  if (authorizer instanceof KmsAuthorizer) return readEngine(authorizer)
  throw new SignerError('INVALID_OPTION', {
    option: 'authorizer',
    reason: 'it is no KmsAuthorizer of this copy of fcl-kms',
  })
}

/** A pool lends keys to transactions that FCL builds. */
function withoutPool<S extends Selection>(selection: S): S {
  if (selection.proposalKeys === undefined) return selection
  throw new SignerError('INVALID_OPTION', {
    option: 'proposalKeys',
    reason: 'only authorize takes a pool',
  })
}

/**
 * Builds FCL authorization functions whose keys live in AWS KMS, or behind any other signer.
 * Makes no call until it is used. One instance serves any number of accounts and transactions.
 */
export class KmsAuthorizer {
  readonly #engine: Engine

  static {
    readEngine = (authorizer) => authorizer.#engine
  }

  /**
   * @param kms - A client of yours, or the configuration of one.
   * @param keyIds - Key ids, key ARNs, `alias/…` names or alias ARNs.
   * @throws {SignerError} `INVALID_KEY_ID`, `INVALID_OPTION`.
   */
  constructor(
    kms: KMSClient | KMSClientConfig,
    keyIds: string | readonly string[],
    options: KmsAuthorizerOptions = {},
  ) {
    assertKnownKeys(options, [...engineOptionNames, 'limits'])
    const { limits = {}, ...rest } = options
    if (typeof keyIds !== 'string' && !Array.isArray(keyIds))
      throw new SignerError('INVALID_KEY_ID', {
        reason: 'it is neither a text nor a list of texts',
      })
    const ids: readonly string[] = typeof keyIds === 'string' ? [keyIds] : keyIds
    const signers =
      kms instanceof ReadySigners
        ? kms.signers
        : ids.map((keyId) => createAwsKmsSigner({ ...limits, client: kms, keyId }))
    this.#engine = createEngine(signers, rest)
  }

  /**
   * Mixes signers of any kind: keys of several KMS clients, a KMS key and a software key.
   *
   * @throws {SignerError} `INVALID_OPTION`.
   */
  static fromSigners(
    signers: Signer | readonly Signer[],
    options: AuthorizerOptions = {},
  ): KmsAuthorizer {
    assertKnownKeys(options, engineOptionNames)
    // TypeScript does not narrow readonly arrays by Array.isArray.
    const list = Array.isArray(signers) ? [...signers] : [signers as Signer]
    // The constructor tells this class from a configuration before it reads either.
    return new KmsAuthorizer(new ReadySigners(list) as KMSClientConfig, [], options)
  }

  /**
   * For `authz`, `proposer`, `payer` and the items of `authorizations` in `fcl.mutate`. Keys are
   * bound by public key. Without a selection the fewest that reach weight 1,000 sign; the indexes
   * given sign exactly, and one that is revoked, unknown or not held is refused before any call to
   * a signer.
   *
   * @param address - With or without 0x.
   * @param selection - A key index, several, or options.
   * @throws {SignerError} `INVALID_ADDRESS`, `INVALID_KEY_INDEX`, `INVALID_OPTION`. The function
   * rejects with the codes of accounts, access node and signers.
   */
  authorize(
    address: string,
    selection?: number | readonly number[] | AuthorizeOptions,
  ): AuthorizationFunction {
    return createAuthorizationFunction(
      this.#engine,
      normalizeAddress(address),
      parseSelection(selection),
    )
  }

  /** @returns The public keys of the signers, in their order, as they are put on an account. */
  async publicKeys(
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly FlowPublicKey[]> {
    assertKnownKeys(options, ['signal'])
    return readPublicKeys(this.#engine.signers, options.signal)
  }

  /**
   * Signs with the fewest keys that reach weight 1,000, as `fcl.AppUtils.verifyUserSignatures`
   * wants it.
   *
   * @param messageHex - The message in hexadecimal, without 0x, as FCL's user signing passes it.
   * @throws {SignerError} `MALFORMED_HEX`, `INVALID_ADDRESS`, `WEIGHT_TOO_LOW` and the codes of
   * accounts, access node and signers.
   */
  async signUserMessage(
    address: string,
    messageHex: string,
    selection?: number | readonly number[] | AuthorizeOptions,
  ): Promise<readonly CompositeSignature[]> {
    const message = userMessage(hexToBytes(messageHex, 'message'))
    return this.#signMessage(
      normalizeAddress(address),
      message,
      { kind: 'user-message' },
      selection,
    )
  }

  /**
   * Signs what `fcl.AppUtils.verifyAccountProof` verifies.
   *
   * @param proof - `nonce`: at least 32 random bytes in hexadecimal, chosen by who will verify.
   * @throws {SignerError} As `signUserMessage`, and `INVALID_OPTION` for a short nonce.
   */
  async signAccountProof(
    address: string,
    proof: AccountProof,
    selection?: number | readonly number[] | AuthorizeOptions,
  ): Promise<readonly CompositeSignature[]> {
    assertKnownKeys(proof, ['appIdentifier', 'nonce'])
    const message = accountProofMessage(address, proof)
    return this.#signMessage(
      normalizeAddress(address),
      message,
      { kind: 'account-proof' },
      selection,
    )
  }

  /**
   * The proposal key for a transaction that is built without FCL and that the account also pays for:
   * the key named, or the first that signs, with its sequence number as the chain has it now.
   *
   * @throws {SignerError} `WEIGHT_TOO_LOW` and the other codes of accounts, access node and signers.
   */
  async proposalKey(
    address: string,
    selection?: number | readonly number[] | AuthorizeOptions,
  ): Promise<Transaction['proposalKey']> {
    const engine = this.#engine
    const { signal, ...choice } = withoutPool(parseSelection(selection))
    const authorization = { engine, address: normalizeAddress(address), selection: choice, signal }
    const node = await engine.node(signal)
    const options = { reread: false, signal }
    await choose(engine, node, authorization.address, options, (found) => chooseKeys(found, choice))
    const context = transactionContext(engine, undefined)
    const { key, sequenceNumber } = await openProposalKey(authorization, context, node)
    return { address: key.address, keyIndex: key.keyIndex, sequenceNumber: BigInt(sequenceNumber) }
  }

  /**
   * Adds the signatures of one account to a transaction that was built without FCL.
   *
   * @returns A new transaction; nothing is sent.
   * @throws {SignerError} `INVALID_OPTION` when the account has no role in it, and the codes of
   * accounts, access node and signers.
   */
  async signTransaction(
    address: string,
    transaction: Transaction,
    selection?: number | readonly number[] | AuthorizeOptions,
  ): Promise<Transaction> {
    const normal = normalizeAddress(address)
    const checked = withoutPool(parseSelection(selection))
    return signTransaction(this.#engine, normal, transaction, checked)
  }

  /**
   * Makes the next use read the account's keys again. The keys are read again by themselves when a
   * proposal key shows that a transaction did not execute; an account that only pays for others
   * shows nothing, so call this when such a transaction fails with 1006.
   */
  forgetKeys(address: string): void {
    this.#engine.directory.forget(normalizeAddress(address))
  }

  async #signMessage(
    address: string,
    message: Uint8Array,
    purpose: SignPurpose,
    selection: number | readonly number[] | AuthorizeOptions | undefined,
  ): Promise<readonly CompositeSignature[]> {
    const engine = this.#engine
    const { signal, ...choice } = parseSelection(selection)
    if (choice.proposalKeyIndex !== undefined || choice.proposalKeys !== undefined)
      throw new SignerError('INVALID_OPTION', {
        option: choice.proposalKeys === undefined ? 'proposalKeyIndex' : 'proposalKeys',
        reason: 'a message has no proposer',
      })
    const node = await engine.node(signal)
    const keys = await choose(engine, node, address, { reread: false, signal }, (account) =>
      chooseKeys(account, choice),
    )
    const signOnce = createSignOnce(engine)
    return Promise.all(
      keys.map(async (key) => {
        const signature = await signOnce(key, message, () => purpose, signal)
        return compositeSignature(key, bytesToHex(signature))
      }),
    )
  }
}
