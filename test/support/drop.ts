/** What the tests of DropNFT ask of it, in the words of its transactions. @module */
import type { ChainAccount, DropChain, Outcome, Signers } from './drop-chain.ts'
import type { Arguments, CadenceType, CadenceTypes } from './fcl-client.ts'

/** One mint. What is left out is plain, and empty or nil where it may be. */
export type Mint = {
  readonly requestId: string
  readonly recipient: string
  readonly name?: string
  readonly description?: string
  readonly thumbnail?: string
  readonly externalURL?: string
  readonly editionName?: string
  readonly editionNumber?: string
  readonly editionMax?: string
  readonly traits?: Readonly<Record<string, string>>
  readonly royalties?: Readonly<Record<string, string>>
}

/** The data of the event `DropNFT.Minted`. */
export type Minted = {
  readonly requestId: string
  readonly id: string
  readonly recipient: string | null
  readonly serial: string
  readonly edition: string | null
}

type Field = {
  readonly value: (mint: Mint) => unknown
  readonly type: (t: CadenceTypes) => CadenceType
}

const entries = (dictionary: Readonly<Record<string, string>> = {}) =>
  Object.entries(dictionary).map(([key, value]) => ({ key, value }))

/** In the order of the parameters of mint.cdc and mint-batch.cdc. */
const fields: readonly Field[] = [
  { value: (mint) => mint.requestId, type: (t) => t.String },
  { value: (mint) => mint.recipient, type: (t) => t.Address },
  { value: (mint) => mint.name ?? 'Ticket', type: (t) => t.String },
  { value: (mint) => mint.description ?? '', type: (t) => t.String },
  { value: (mint) => mint.thumbnail ?? 'https://example.org/1.png', type: (t) => t.String },
  { value: (mint) => mint.externalURL ?? null, type: (t) => t.Optional(t.String) },
  { value: (mint) => mint.editionName ?? null, type: (t) => t.Optional(t.String) },
  { value: (mint) => mint.editionNumber ?? null, type: (t) => t.Optional(t.UInt64) },
  { value: (mint) => mint.editionMax ?? null, type: (t) => t.Optional(t.UInt64) },
  {
    value: (mint) => entries(mint.traits),
    type: (t) => t.Dictionary({ key: t.String, value: t.String }),
  },
  {
    value: (mint) => entries(mint.royalties),
    type: (t) => t.Dictionary({ key: t.Address, value: t.UFix64 }),
  },
]

/** The arguments of mint.cdc. */
export const mintArguments =
  (mint: Mint): Arguments =>
  (arg, t) =>
    fields.map(({ value, type }) => arg(value(mint), type(t)))

/** The arguments of mint-batch.cdc; the array at `drop`, if given, loses its last element. */
export const batchArguments =
  (mints: readonly Mint[], drop?: number): Arguments =>
  (arg, t) =>
    fields.map(({ value, type }, index) =>
      arg(mints.slice(0, index === drop ? -1 : undefined).map(value), t.Array(type(t))),
    )

/** How many arrays mint-batch.cdc takes. */
export const batchArrays: number = fields.length

export const noArguments: Arguments = () => []

export const transferArguments =
  (recipient: string, id: string): Arguments =>
  (arg, t) => [arg(recipient, t.Address), arg(id, t.UInt64)]

/** Accounts that have run setup-collection.cdc. */
export async function createHolders(
  chain: DropChain,
  count: number,
): Promise<readonly ChainAccount[]> {
  const accounts = await chain.createAccounts(count)
  const setUp = (account: ChainAccount) => chain.run('setup-collection', noArguments, account)
  for (const outcome of await Promise.all(accounts.map(setUp))) expectDone(outcome)
  return accounts
}

/** One account that has run setup-collection.cdc. */
export async function createHolder(chain: DropChain): Promise<ChainAccount> {
  const account = await chain.createAccount()
  expectDone(await chain.run('setup-collection', noArguments, account))
  return account
}

/** Mints with mint.cdc and returns the data of the event. */
export async function mintOne(chain: DropChain, mint: Mint, signer?: Signers): Promise<Minted> {
  const outcome = await chain.run('mint', mintArguments(mint), signer ?? chain.service)
  expectDone(outcome)
  const [minted] = mintedIn(chain, outcome)
  if (minted === undefined) throw new Error('The transaction has no event Minted.')
  return minted
}

/** The data of the events `DropNFT.Minted` of a transaction, in order. */
export function mintedIn(
  chain: DropChain,
  { events }: Outcome,
  address: string = chain.service.address,
): readonly Minted[] {
  const type = typeId(address, 'DropNFT.Minted')
  return events.filter((event) => event.type === type).map(({ data }) => data as Minted) // by type
}

/** The type that Cadence knows as `name` of the contract at `address`. */
export const typeId = (address: string, name: string): string =>
  `A.${address.replace(/^0x/, '')}.${name}`

/** The first page of the collection of an account, or null when it has none. */
export const collectionOf = (
  chain: DropChain,
  address: string,
  offset = '0',
  limit = '1000',
): Promise<unknown> =>
  chain.read('get-collection', (arg, t) => [
    arg(address, t.Address),
    arg(offset, t.Int),
    arg(limit, t.Int),
  ])

/** The NFT of each request, or null. */
export const requestsOf = (chain: DropChain, ...requestIds: readonly string[]): Promise<unknown> =>
  chain.read('get-request', (arg, t) => [arg(requestIds, t.Array(t.String))])

/** Throws with the words of the failure, where a transaction was to succeed. */
export function expectDone({ failure }: Outcome): void {
  if (failure) throw new Error(`${failure.code ?? failure.errorCode}: ${failure.text}`)
}
