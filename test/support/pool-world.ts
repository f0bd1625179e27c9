/** A simulated chain with one account, and pools of its proposal keys. @module */

import { bytesToHex } from '../../src/crypto/hex.ts'
import type { Transaction } from '../../src/crypto/transaction.ts'
import { type AuthorizationFunction, KmsAuthorizer, type Signer } from '../../src/index.ts'
import {
  createProposalKeyPool,
  type PoolReport,
  type ProposalKeyPool,
  type ProposalKeyPoolOptions,
} from '../../src/proposal-keys/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import {
  type SimulatedNode,
  type SimulatedNodeOptions,
  startSimulatedNode,
} from './simulated-node.ts'

export const address = '0xf8d6e0586b0a20c7'

/** Of every pool unless told otherwise; the chain has the same. */
export const expiry = 20

/** Holds the key of the account. */
export const signer: Signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const publicKey = signer.publicKey().then(({ bytes }) => bytesToHex(bytes))

/** A pool, what it told, and the function that takes its keys. */
export type OpenPool = ProposalKeyPool & {
  readonly reports: readonly PoolReport[]
  readonly authz: AuthorizationFunction
}

/** The chain's key `index` of 1 to `copies`; blocks every 10 ms. */
export async function startPoolChain(
  options: Omit<Partial<SimulatedNodeOptions>, 'account'> & { readonly copies: number },
): Promise<SimulatedNode> {
  const { copies, ...rest } = options
  return startSimulatedNode({
    account: { address: address.slice(2), publicKey: await publicKey, copies },
    blockMs: 10,
    expiry,
    sealDelayBlocks: 2,
    ...rest,
  })
}

/** @param url - Of the node, and perhaps a client's name. */
export async function openPool(
  url: string,
  options: Omit<Partial<ProposalKeyPoolOptions>, 'address' | 'authorizer' | 'onReport'> = {},
): Promise<OpenPool> {
  const reports: PoolReport[] = []
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: url })
  const pool = await createProposalKeyPool({
    authorizer,
    address,
    transactionExpiry: expiry,
    pollMs: 5,
    ...options,
    onReport: (report) => reports.push(report),
  })
  const authz = authorizer.authorize(address, { proposalKeys: pool })
  return Object.freeze({ ...pool, reports, authz })
}

/** 64 digits. */
export function latestBlockId({ chain }: Pick<SimulatedNode, 'chain'>): string {
  const block = chain.block(chain.heights().final)
  if (block === undefined) throw new Error('there is no block')
  return block.id
}

/** What the chain will take next. */
export const numberOf = ({ chain }: Pick<SimulatedNode, 'chain'>, keyIndex: number): bigint =>
  BigInt(chain.sequenceNumber(keyIndex, chain.heights().final))

/** Somebody else uses the key, with the number that it has now. */
export function outsider(node: Pick<SimulatedNode, 'chain'>, keyIndex: number): Transaction {
  return {
    cadence: 'foreign',
    arguments: [],
    referenceBlockId: new Uint8Array(Buffer.from(latestBlockId(node), 'hex')),
    computeLimit: 1,
    proposalKey: { address, keyIndex, sequenceNumber: numberOf(node, keyIndex) },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
}

/** Whether so many more blocks have been made. */
export function afterBlocks({ chain }: Pick<SimulatedNode, 'chain'>, count: number): () => boolean {
  const height = chain.heights().final + count
  return () => chain.heights().final >= height
}
