/** Plays FCL's part against authorization functions: role calls, voucher, signing, POST. @module */

import { bytesToHex, hexToBytes } from '../../src/crypto/hex.ts'
import { envelopeMessage, payloadMessage, type Transaction } from '../../src/crypto/transaction.ts'
import { connectAccessNode } from '../../src/flow/access-node.ts'
import {
  type PostVerdict,
  postTransaction,
  prepareTransaction,
} from '../../src/flow/post-transaction.ts'
import type {
  AuthorizationFunction,
  FclAccount,
  FclPreSignable,
  ResolvedAccount,
} from '../../src/index.ts'

/** An authorization function as FCL calls it. */
export type Resolve = (
  account: FclAccount,
  preSignable?: FclPreSignable,
) => Promise<readonly ResolvedAccount[]>

type Role = 'payer' | 'proposer' | 'authorizer'

/** Who has which role; what `fcl.mutate` is given. */
export type Cast = {
  readonly proposer: Resolve
  readonly payers: readonly Resolve[]
  readonly authorizers: readonly Resolve[]
}

/** A transaction whose accounts are resolved, and that nobody has signed. */
export type Resolved = {
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  /** @param referenceBlockId - 64 digits. */
  readonly sign: (referenceBlockId: string) => Promise<Transaction>
}

/** Resolves a transaction that one account proposes, pays and authorizes. */
export const playRoles = (authz: AuthorizationFunction, cadence: string): Promise<Resolved> =>
  play({ proposer: authz, payers: [authz], authorizers: [authz] }, cadence)

/**
 * Resolves a transaction in the order of FCL: payers, proposer, authorizers, all with one
 * interaction. The first copy of a key is kept, and has all roles of the others.
 */
export async function play(cast: Cast, cadence: string): Promise<Resolved> {
  const interaction = {}
  const accounts = new Map<string, ResolvedAccount>()
  async function ask(resolve: Resolve, name: Role): Promise<readonly ResolvedAccount[]> {
    const role = { proposer: false, payer: false, authorizer: false, [name]: true }
    return (await resolve({ role }, { interaction })).flatMap((account) => {
      const kept = accounts.get(account.tempId) ?? account
      accounts.set(account.tempId, kept)
      return account.role[name] ? [kept] : []
    })
  }
  const askAll = async (all: readonly Resolve[], name: Role) => {
    const found = new Set<ResolvedAccount>()
    for (const one of all) for (const account of await ask(one, name)) found.add(account)
    return [...found]
  }
  const payers = await askAll(cast.payers, 'payer')
  const [proposer] = await ask(cast.proposer, 'proposer')
  const authorizers = await askAll(cast.authorizers, 'authorizer')
  if (proposer === undefined || typeof proposer.sequenceNum !== 'number')
    throw new Error('no proposal key was resolved')
  const others = new Set([...authorizers, proposer])
  const payload = [...others].filter((one) => !payers.includes(one))
  const proposalKey = {
    address: `0x${proposer.addr}`,
    keyIndex: proposer.keyId,
    sequenceNumber: BigInt(proposer.sequenceNum),
  }
  const unsigned = {
    cadence,
    arguments: [],
    computeLimit: 100,
    proposalKey,
    payer: `0x${payers[0]?.addr}`,
    authorizers: [...new Set(authorizers.map(({ addr }) => `0x${addr}`))],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
  return {
    ...proposalKey,
    async sign(id) {
      const transaction = { ...unsigned, referenceBlockId: hexToBytes(id, 'id') }
      const signed = { ...transaction, payloadSignatures: await signPart(transaction, payload) }
      return { ...signed, envelopeSignatures: await signPart(signed, payers) }
    },
  }

  async function signPart(transaction: Transaction, signers: readonly ResolvedAccount[]) {
    const encode = signers === payers ? envelopeMessage : payloadMessage
    const signable = {
      message: bytesToHex(encode(transaction)),
      voucher: voucherOf(transaction, payload, payers),
    }
    const signatures = await Promise.all(signers.map((one) => one.signingFunction(signable)))
    return signatures.map(({ addr, keyId, signature }) => ({
      address: addr,
      keyIndex: keyId,
      signature: hexToBytes(signature, 'signature'),
    }))
  }
}

function voucherOf(
  { proposalKey, payloadSignatures, referenceBlockId, ...transaction }: Transaction,
  payload: readonly ResolvedAccount[],
  payers: readonly ResolvedAccount[],
): object {
  const { address, keyIndex, sequenceNumber } = proposalKey
  const slotOf = ({ addr, keyId }: ResolvedAccount) => {
    const isOurs = (one: Transaction['payloadSignatures'][number]) =>
      one.address === `0x${addr}` && one.keyIndex === keyId
    const signed = payloadSignatures.find(isOurs)
    const sig = signed === undefined ? null : bytesToHex(signed.signature)
    return { address: `0x${addr}`, keyId, sig }
  }
  return {
    cadence: transaction.cadence,
    refBlock: bytesToHex(referenceBlockId),
    computeLimit: transaction.computeLimit,
    arguments: [],
    proposalKey: { address, keyId: keyIndex, sequenceNum: Number(sequenceNumber) },
    payer: transaction.payer,
    authorizers: transaction.authorizers,
    payloadSigs: payload.map(slotOf),
    envelopeSigs: payers.map(slotOf),
  }
}

/** Sends the bytes once. */
export async function post(url: string, transaction: Transaction): Promise<PostVerdict> {
  const body = prepareTransaction(transaction)
  return (await postTransaction(connectAccessNode(url), body)).verdict
}
