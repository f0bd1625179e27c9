/** A connection to an access node. @module */

import { SignerError } from '../errors.ts'
import { assertHttpUrl, assertKnownKeys, assertTimeout } from '../options.ts'
import { type NodeConnection, requestNode } from './http.ts'
import { replyReader, successBody } from './reply.ts'

/** Options of `connectAccessNode`. */
export type AccessNodeOptions = {
  /** The REST endpoint, for example `https://rest-testnet.onflow.org`. */
  readonly url: string
  /** Milliseconds for one request with its retries. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Makes no call itself.
 *
 * @param accessNode - The URL alone, or with options.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function connectAccessNode(accessNode: string | AccessNodeOptions): NodeConnection {
  const options = typeof accessNode === 'string' ? { url: accessNode } : accessNode
  assertKnownKeys(options, ['url', 'timeoutMs'])
  const { url, timeoutMs = 10_000 }: AccessNodeOptions = options
  assertHttpUrl('accessNode', url)
  if (/[?#]/.test(url))
    throw new SignerError('INVALID_OPTION', {
      option: 'accessNode',
      reason: 'it has a query or a fragment: paths are put behind it, so only a path may end it',
    })
  assertTimeout('timeoutMs', timeoutMs)
  return Object.freeze({ url: url.replace(/\/+$/, ''), timeoutMs })
}

type Options = { readonly signal?: AbortSignal | undefined }

/** @returns For example `flow-mainnet`, `flow-testnet` or `flow-emulator`. */
export async function readChainId(node: NodeConnection, { signal }: Options = {}): Promise<string> {
  const reply = await requestNode(node, { path: 'network/parameters', signal })
  const read = replyReader(node.url)
  const body = read.object(successBody(reply, node.url), 'network parameters')
  return read.text(body['chain_id'], 'chain_id')
}

/** @throws {SignerError} `CHAIN_MISMATCH` when the node serves another chain. */
export async function assertChain(
  node: NodeConnection,
  expected: string,
  options: Options = {},
): Promise<void> {
  const actual = await readChainId(node, options)
  if (actual !== expected) throw new SignerError('CHAIN_MISMATCH', { expected, actual })
}

/** A block that a transaction can refer to. */
export type Block = { readonly id: Uint8Array; readonly height: number; readonly timestamp: Date }

/** @returns The latest finalized block: a sealed one would bring expiry nearer. */
export async function readLatestBlock(
  node: NodeConnection,
  { signal }: Options = {},
): Promise<Block> {
  const reply = await requestNode(node, { path: 'blocks?height=final', signal })
  const read = replyReader(node.url)
  const [block] = read.list(successBody(reply, node.url), 'blocks')
  const header = read.object(read.object(block, 'block')['header'], 'header')
  const id = read.text(header['id'], 'id')
  const timestamp = new Date(read.text(header['timestamp'], 'timestamp'))
  if (!/^[0-9a-f]{64}$/.test(id) || Number.isNaN(timestamp.getTime()))
    throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
      accessNode: node.url,
      reason: 'no usable block id or timestamp',
    })
  return {
    id: new Uint8Array(Buffer.from(id, 'hex')),
    height: read.number(header['height'], 'height'),
    timestamp,
  }
}
