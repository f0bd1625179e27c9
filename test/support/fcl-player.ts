/** Plays FCL's part against an authorization function: role calls, voucher, signing, POST. @module */

import { bytesToHex, hexToBytes } from '../../src/crypto/hex.ts'
import { envelopeMessage, type Transaction } from '../../src/crypto/transaction.ts'
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

type Resolve = (
  account: FclAccount,
  preSignable?: FclPreSignable,
) => Promise<readonly ResolvedAccount[]>

/** A transaction whose accounts are resolved, and that nobody has signed. */
export type Resolved = {
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  /** @param referenceBlockId - 64 digits. */
  readonly sign: (referenceBlockId: string) => Promise<Transaction>
}

/** In the order of FCL: the payer is asked first, and all share one interaction. */
const roles = ['payer', 'proposer', 'authorizer'] as const

/** Resolves a transaction that one account proposes, pays and authorizes. */
export async function playRoles(authz: AuthorizationFunction, cadence: string): Promise<Resolved> {
  const resolve: Resolve = authz
  const interaction = {}
  const accounts = new Map<string, ResolvedAccount>()
  const proposers: ResolvedAccount[] = []
  for (const name of roles) {
    const role = { proposer: false, payer: false, authorizer: false, [name]: true }
    for (const account of await resolve({ role }, { interaction })) {
      if (!accounts.has(account.tempId)) accounts.set(account.tempId, account)
      if (account.role.proposer) proposers.push(account)
    }
  }
  const [proposer] = proposers
  const sequenceNumber = proposer && accounts.get(proposer.tempId)?.sequenceNum
  if (proposer === undefined || typeof sequenceNumber !== 'number')
    throw new Error('no proposal key was resolved')
  const signers = [...accounts.values()]
  return {
    keyIndex: proposer.keyId,
    sequenceNumber: BigInt(sequenceNumber),
    sign: (referenceBlockId) =>
      signEnvelope(cadence, referenceBlockId, signers, {
        ...proposer,
        sequenceNum: sequenceNumber,
      }),
  }
}

async function signEnvelope(
  cadence: string,
  refBlock: string,
  signers: readonly ResolvedAccount[],
  proposer: Pick<ResolvedAccount, 'addr' | 'keyId'> & { readonly sequenceNum: number },
): Promise<Transaction> {
  const { addr, keyId, sequenceNum } = proposer
  const address = `0x${addr}`
  const unsigned: Transaction = {
    cadence,
    arguments: [],
    referenceBlockId: hexToBytes(refBlock, 'refBlock'),
    computeLimit: 100,
    proposalKey: { address, keyIndex: keyId, sequenceNumber: BigInt(sequenceNum) },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
  const voucher = {
    cadence,
    refBlock,
    computeLimit: 100,
    arguments: [],
    proposalKey: { address, keyId, sequenceNum },
    payer: address,
    authorizers: [address],
    payloadSigs: [],
    envelopeSigs: signers.map((one) => ({ address: `0x${one.addr}`, keyId: one.keyId, sig: null })),
  }
  const message = bytesToHex(envelopeMessage(unsigned))
  const signatures = await Promise.all(
    signers.map((one) => one.signingFunction({ message, voucher })),
  )
  return {
    ...unsigned,
    envelopeSignatures: signatures.map((one) => ({
      address: one.addr,
      keyIndex: one.keyId,
      signature: hexToBytes(one.signature, 'signature'),
    })),
  }
}

/** Sends the bytes once. */
export async function post(url: string, transaction: Transaction): Promise<PostVerdict> {
  const body = prepareTransaction(transaction)
  return (await postTransaction(connectAccessNode(url), body)).verdict
}
