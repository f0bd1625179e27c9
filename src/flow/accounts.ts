/** Accounts and their keys, as the access node tells them. @module */

import { normalizeAddress } from '../crypto/address.ts'
import { SignerError } from '../errors.ts'
import { type NodeConnection, type NodeReply, requestNode } from './http.ts'
import { type ReplyReader, replyReader, successBody } from './reply.ts'

/** One key of an account. */
export type AccountKey = {
  readonly index: number
  /** 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  /** As the node spells it; may be one that cannot sign transactions. */
  readonly signatureAlgorithm: string
  /** As the node spells it; may be one that cannot sign transactions. */
  readonly hashAlgorithm: string
  /** 0 to 1000, of which a payer and each authorizer need 1000 together. */
  readonly weight: number
  readonly sequenceNumber: bigint
  readonly revoked: boolean
}

/** An account without its contracts. */
export type Account = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  /** In units of 10⁻⁸ FLOW. */
  readonly balance: bigint
  /** In the order of their indexes, revoked ones too. */
  readonly keys: readonly AccountKey[]
}

type Options = { readonly signal?: AbortSignal | undefined }

/**
 * Reads balance and all keys at the latest sealed block, without the contracts: about 300 bytes
 * for each key.
 *
 * @throws {SignerError} `ACCOUNT_NOT_FOUND`, `CHAIN_MISMATCH` and the `ACCESS_NODE_…` codes.
 */
export async function readAccount(
  node: NodeConnection,
  address: string,
  { signal }: Options = {},
): Promise<Account> {
  const normal = normalizeAddress(address)
  const path = `accounts/${normal.slice(2)}?expand=keys&block_height=sealed`
  const reply = await requestNode(node, { path, signal })
  assertFound(reply, normal, node)
  const read = replyReader(node.url)
  const body = read.object(successBody(reply, node.url), 'account')
  if (`0x${read.text(body['address'], 'address')}` !== normal)
    throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
      accessNode: node.url,
      reason: 'another account than asked for',
    })
  // The node leaves the list out when there are no keys.
  const keys = read.list(body['keys'] ?? [], 'keys').map((key) => accountKey(key, read))
  return { address: normal, balance: read.bigint(body['balance'], 'balance'), keys }
}

/**
 * Reads one key at the latest finalized block, the freshest sequence number there is: 299 bytes.
 *
 * @param options - `height`: read it as it was after this block.
 * @throws {SignerError} `KEY_INDEX_UNKNOWN` and the `ACCESS_NODE_…` codes.
 */
export async function readAccountKey(
  node: NodeConnection,
  address: string,
  keyIndex: number,
  { signal, height }: Options & { readonly height?: number } = {},
): Promise<AccountKey> {
  const normal = normalizeAddress(address)
  const path = `accounts/${normal.slice(2)}/keys/${keyIndex}?block_height=${height ?? 'final'}`
  const reply = await requestNode(node, { path, signal })
  if (reply.status === 404)
    throw new SignerError('KEY_INDEX_UNKNOWN', { address: normal, keyIndex })
  const key = accountKey(successBody(reply, node.url), replyReader(node.url))
  if (key.index !== keyIndex)
    throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
      accessNode: node.url,
      reason: 'another key than asked for',
    })
  return key
}

function accountKey(value: unknown, read: ReplyReader): AccountKey {
  const key = read.object(value, 'key')
  return {
    index: read.number(key['index'], 'index'),
    publicKey: read.text(key['public_key'], 'public_key').replace(/^0x/, '').toLowerCase(),
    signatureAlgorithm: read.text(key['signing_algorithm'], 'signing_algorithm'),
    hashAlgorithm: read.text(key['hashing_algorithm'], 'hashing_algorithm'),
    weight: read.number(key['weight'], 'weight'),
    sequenceNumber: read.bigint(key['sequence_number'], 'sequence_number'),
    revoked: read.boolean(key['revoked'], 'revoked'),
  }
}

/** A node answers 404 for an account that does not exist, and 400 for one that cannot on its chain. */
function assertFound({ status, json }: NodeReply, address: string, node: NodeConnection): void {
  if (status < 400) return
  const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : ''
  const [, chain] = /is invalid for chain (flow-[a-z]+)/.exec(`${message}`) ?? []
  if (chain !== undefined)
    throw new SignerError('CHAIN_MISMATCH', { expected: `the chain of ${address}`, actual: chain })
  if (status === 404 || /could not find account|NotFound/.test(`${message}`))
    throw new SignerError('ACCOUNT_NOT_FOUND', { address, accessNode: node.url })
}
