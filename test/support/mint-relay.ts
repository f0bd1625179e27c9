/** A relay account that holds DropNFT and proposal keys, a holder of a collection, and mint jobs. @module */

import { randomBytes } from 'node:crypto'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import type { ScriptRule } from '../../src/policy/index.ts'
import type { BatchTemplate, JsonCadence, SubmitRequest } from '../../src/relay/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { readCadence, standardContracts } from './cadence.ts'
import type { Mutation } from './fcl.ts'
import type { FlowChain } from './flow-chain.ts'
import type { RelayAccount } from './relay.ts'

/** Who mints, for whom, and how. */
export type MintAccount = RelayAccount & {
  /** 64 digits, to be looked for in what is told. */
  readonly privateKeyHex: string
  /** Holds a collection. */
  readonly recipient: string
  /** Of `mint-batch.cdc`; for the option `batches`. */
  readonly template: BatchTemplate
  /** For the option `requestScript`. */
  readonly requestScript: string
  /** A mint for `fcl.mutate`, without who signs it. */
  readonly mint: (id: string) => Mutation
  /** What a policy says to allow it. */
  readonly rule: ScriptRule
  /** A mint as data; the first argument is the id. */
  readonly plain: {
    readonly cadence: string
    readonly args: (id: string) => readonly JsonCadence[]
    readonly limit: number
  }
  /** A mint in a transaction of its own. */
  readonly single: (id: string, mint?: MintChoice) => SubmitRequest
  /** A mint in a batch by the name `mints`. */
  readonly inBatch: (id: string, mint?: MintChoice) => SubmitRequest
  /** By request id, what the events of the contract say: one id of an NFT for each time. */
  readonly minted: () => Promise<ReadonlyMap<string, readonly string[]>>
  /** The NFT ids of these requests by `get-request.cdc`, in their order; null where there is none. */
  readonly fulfilled: (ids: readonly string[]) => Promise<readonly (string | null)[]>
}

/** What differs from a plain mint. */
export type MintChoice = { readonly recipient?: string; readonly limit?: number }

/** What one plain mint uses, and some more. */
const MINT_LIMIT = 300
/** Blocks whose events a node tells at once. */
const MAX_RANGE = 250

/**
 * An account with one key of weight 1,000 at index 0, copies after it, and DropNFT deployed.
 *
 * @param options - `privateKey`: to create the same account again on a chain that starts anew.
 * `signer`: of the account, instead of one in software.
 * `fund`: gives FLOW to each account, where transactions cost some.
 * `account`: instead of a new one with one key.
 */
export async function createMintAccount(
  chain: FlowChain,
  copies: number,
  options: {
    readonly privateKey?: Uint8Array
    readonly signer?: Signer
    readonly fund?: (address: string) => Promise<void>
    /** One that is there, whose keys its authorizer chooses from. */
    readonly account?: Pick<RelayAccount, 'address' | 'authorizer'>
  } = {},
): Promise<MintAccount> {
  const privateKey = options.privateKey ?? new Uint8Array(randomBytes(32))
  const holder = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
  const { signer = holder } = options
  const createAccount = () =>
    chain.createAccount([
      { signer, weight: 1_000 },
      ...Array.from({ length: copies }, () => ({ signer, weight: 0 })),
    ])
  const { account } = options
  const address = account?.address ?? (await createAccount())
  const recipient = await chain.createAccount([{ signer: holder, weight: 1_000 }])
  for (const one of [address, recipient]) await options.fund?.(one)
  const authorizer =
    account?.authorizer ?? KmsAuthorizer.fromSigners(signer, { accessNode: chain.url })
  const contracts = { ...standardContracts('emulator'), DropNFT: address }
  const cadenceOf = (path: string) => readCadence(path, contracts)
  await expectSealed(chain, {
    cadence: cadenceOf('transactions/deploy-contract.cdc'),
    args: (arg, t) => [
      arg('DropNFT', t['String']),
      arg(cadenceOf('contracts/DropNFT.cdc'), t['String']),
    ],
    authz: account ? authorizer.authorize(address) : authorizer.authorize(address, 0),
  })
  await expectSealed(chain, {
    cadence: cadenceOf('transactions/setup-collection.cdc'),
    authz: KmsAuthorizer.fromSigners(holder, { accessNode: chain.url }).authorize(recipient),
  })
  const requestScript = cadenceOf('scripts/get-request.cdc')
  const args = (id: string, mint: MintChoice) => mintArguments(id, mint.recipient ?? recipient)
  return {
    address,
    authorizer,
    signer,
    privateKeyHex: bytesToHex(privateKey),
    recipient,
    requestScript,
    template: { cadence: cadenceOf('transactions/mint-batch.cdc') },
    mint: (id) => ({
      cadence: cadenceOf('transactions/mint.cdc'),
      args: () => args(id, {}).map((value) => ({ value, xform: { asArgument: () => value } })),
      limit: MINT_LIMIT,
    }),
    rule: {
      name: 'mint',
      cadence: cadenceOf('transactions/mint.cdc'),
      parameters: mintTypes,
      maxComputeLimit: MINT_LIMIT,
    },
    plain: {
      cadence: cadenceOf('transactions/mint.cdc'),
      args: (id) => args(id, {}),
      limit: MINT_LIMIT,
    },
    single: (id, mint = {}) => ({
      id,
      cadence: cadenceOf('transactions/mint.cdc'),
      args: args(id, mint),
      limit: mint.limit ?? MINT_LIMIT,
    }),
    inBatch: (id, mint = {}) => ({ id, batch: 'mints', args: args(id, mint) }),
    minted: () => readMinted(chain.url, address),
    fulfilled: (ids) => readFulfilledIds(chain.url, requestScript, ids),
  }
}

const mintTypes: readonly string[] = [
  ...['String', 'Address', 'String', 'String', 'String'],
  ...['String?', 'String?', 'UInt64?', 'UInt64?', '{String: String}', '{Address: UFix64}'],
]

/** In the order of the parameters of mint.cdc. */
function mintArguments(id: string, recipient: string): readonly JsonCadence[] {
  const text = (value: string) => ({ type: 'String', value })
  const none = { type: 'Optional', value: null }
  const dictionary = { type: 'Dictionary', value: [] }
  return [
    text(id),
    { type: 'Address', value: recipient },
    text('Ticket'),
    text(''),
    text('https://example.org/1.png'),
    none,
    none,
    none,
    none,
    dictionary,
    dictionary,
  ]
}

async function expectSealed(chain: FlowChain, mutation: Mutation): Promise<void> {
  const { errorMessage } = await chain.send(mutation)
  if (errorMessage !== '') throw new Error(errorMessage)
}

/** By request id the NFT ids that the events `DropNFT.Minted` of all blocks tell of. */
export async function readMinted(
  url: string,
  address: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  type Block = { readonly events?: readonly { readonly payload: string }[] }
  type Header = { readonly header: { readonly height: string } }
  const [latest]: readonly Header[] = await getJson(`${url}/v1/blocks?height=sealed`)
  const last = Number(latest?.header.height)
  const minted = new Map<string, readonly string[]>()
  for (let start = 0; start <= last; start += MAX_RANGE) {
    const end = Math.min(start + MAX_RANGE - 1, last)
    const type = `A.${address.slice(2)}.DropNFT.Minted`
    const query = `type=${type}&start_height=${start}&end_height=${end}`
    const blocks: readonly Block[] = await getJson(`${url}/v1/events?${query}`)
    for (const { payload } of blocks.flatMap(({ events = [] }) => events)) {
      const text = Buffer.from(payload, 'base64').toString()
      const { id = '', requestId = '' } = fieldsOf(JSON.parse(text))
      minted.set(requestId, [...(minted.get(requestId) ?? []), id])
    }
  }
  return minted
}

type CadenceEvent = {
  readonly value: { readonly fields: readonly { name: string; value: { value: unknown } }[] }
}

const fieldsOf = ({ value }: CadenceEvent): Readonly<Record<string, string>> =>
  Object.fromEntries(value.fields.map(({ name, value: field }) => [name, String(field.value)]))

async function readFulfilledIds(
  url: string,
  cadence: string,
  ids: readonly string[],
): Promise<readonly (string | null)[]> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const value = ids.map((id) => ({ type: 'String', value: id }))
  const body = JSON.stringify({
    script: base64(cadence),
    arguments: [base64(JSON.stringify({ type: 'Array', value }))],
  })
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body }
  const text: string = await getJson(`${url}/v1/scripts?block_height=sealed`, init)
  type Answer = { readonly value: readonly { readonly value: { value: string } | null }[] }
  const answer: Answer = JSON.parse(Buffer.from(text, 'base64').toString())
  return answer.value.map((optional) => optional.value?.value ?? null)
}

/** The caller states the shape, which the emulator's own documents give. */
async function getJson<T>(url: string, init?: RequestInit): Promise<T> {
  const reply = await fetch(url, init)
  const text = await reply.text()
  if (!reply.ok) throw new Error(`${url}: ${reply.status} ${text.slice(0, 200)}`)
  return JSON.parse(text)
}
