/** An access node behind HTTP, with one payer account; any request can be told to fail. @module */

import { Buffer } from 'node:buffer'
import { KmsAuthorizer } from '../../../src/authorizer/kms-authorizer.ts'
import type { Payer } from '../../../src/provisioning/index.ts'
import type { Signer } from '../../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { type Answer, type HttpFake, startHttp } from './http-fake.ts'

export const PAYER = '0xf8d6e0586b0a20c7'
export const NEW_ADDRESS = '0x01cf0e2f2f715450'
const ID = 'a'.repeat(64)

/** What an access node says when it takes no transaction. */
export const nodeRefusal = 'Invalid Flow argument: invalid transaction: unknown reference block'

/** What it answers, in JSON, to a transaction that it may have taken all the same. */
export const nothingProved = [
  [500, 'Invalid Flow request: failed to store transaction: no space left on device'],
  [
    400,
    'Invalid Flow argument: failed to send transaction to a collection node: 2 errors occurred:\n\t* context deadline exceeded\n\t* transaction references unknown reference block',
  ],
  [400, 'unknown reference block'],
  [401, nodeRefusal],
  [403, 'forbidden'],
  [404, 'page not found'],
  [413, 'request size exceeds maximum allowed'],
  [429, 'slow down'],
  [503, nodeRefusal],
] as const

type Key = {
  readonly publicKey: string
  readonly weight?: number
  readonly revoked?: boolean
  readonly algorithm?: string
  readonly hash?: string
}

export type NodeEndpoint = HttpFake & {
  /** Requests that arrived, such as `POST transactions`. */
  readonly calls: readonly string[]
  /** What POST transactions does; default it is taken. */
  post: Answer | undefined
  /** What the transaction result is; default sealed with one new account. */
  result: Answer | undefined
  chainId: string
  /** Of the latest block, final and sealed; default 9, that of the only one with an id. */
  latestHeight: number
  /** The sequence number of every key, after the block of this height. */
  numberAt: (height: string) => string
  readonly setKeys: (address: string, keys: readonly Key[]) => void
  readonly payer: Payer
  /** Runs when a request of this name arrives. */
  onCall: (name: string) => void
  /** The same, with its body in JSON. */
  onBody: (name: string, body: unknown) => void
}

/** The event of a new account, as a transaction result holds it. */
export const accountCreated = (address: string) => ({
  type: 'flow.AccountCreated',
  payload: Buffer.from(
    JSON.stringify({
      type: 'Event',
      value: { fields: [{ name: 'address', value: { type: 'Address', value: address } }] },
    }),
  ).toString('base64'),
})

const blockOf = (height: number) => ({
  body: [
    { header: { id: ID, parent_id: ID, height: `${height}`, timestamp: '2026-01-01T00:00:00Z' } },
  ],
})

/** A transaction result. */
export const sealed = (events: readonly unknown[], error = '') => ({
  body: {
    block_id: ID,
    status: 'Sealed',
    status_code: error === '' ? 0 : 1,
    error_message: error,
    computation_used: '0',
    events,
  },
})

export async function startNodeEndpoint(): Promise<NodeEndpoint> {
  const signer: Signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  const { bytes } = await signer.publicKey()
  const accounts = new Map<string, readonly Key[]>()
  const calls: string[] = []

  const keyJson = (
    { publicKey, weight = 1000, revoked = false, algorithm, hash = 'SHA3_256' }: Key,
    index: number,
    height: string,
  ) => ({
    index: `${index}`,
    public_key: `0x${publicKey}`,
    signing_algorithm: algorithm ?? 'ECDSA_P256',
    hashing_algorithm: hash,
    weight: `${weight}`,
    sequence_number: node.numberAt(height),
    revoked,
  })

  const server = await startHttp((request, body) => {
    const path = (request.url ?? '').replace(/^\/v1\//, '').replace(/\?.*$/, '')
    const name = `${request.method} ${path.split('/')[0]}`
    calls.push(name)
    node.onCall(name)
    node.onBody(name, body)
    if (path === 'network/parameters') return { body: { chain_id: node.chainId } }
    if (path === 'blocks') return blockOf(node.latestHeight)
    if (path === `blocks/${ID}`) return blockOf(9)
    if (path.startsWith('blocks/')) return { status: 404, body: { code: 404, message: 'no block' } }
    if (name === 'POST transactions') return node.post ?? { body: { id: ID } }
    if (path.startsWith('transaction_results/'))
      return node.result ?? sealed([accountCreated(NEW_ADDRESS)])
    const [, address = '', , index] = path.split('/')
    const [, height = ''] = /block_height=(\w+)/.exec(request.url ?? '') ?? []
    const keys = accounts.get(`0x${address}`)?.map((key, place) => keyJson(key, place, height))
    if (keys === undefined)
      return { status: 404, body: { code: 404, message: 'could not find account' } }
    return index === undefined
      ? { body: { address, balance: '123', keys } }
      : { body: keys[Number(index)] }
  })
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: server.url })
  const node: NodeEndpoint = {
    ...server,
    calls,
    post: undefined,
    result: undefined,
    chainId: 'flow-emulator',
    latestHeight: 9,
    numberAt: () => '7',
    setKeys: (address, keys) => void accounts.set(address, keys),
    payer: { authorizer, address: PAYER },
    onCall: () => undefined,
    onBody: () => undefined,
  }
  node.setKeys(PAYER, [{ publicKey: Buffer.from(bytes).toString('hex') }])
  return node
}
