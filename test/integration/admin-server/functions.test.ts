/** Each function of the admin server executed once, with the compute limit that it declares. */

import { addProposalKeys } from '../../../examples/admin-server/src/functions/add-proposal-keys.ts'
import { splitBatchArguments } from '../../../examples/admin-server/src/functions/batch-arguments.ts'
import {
  type CreateCustodialAccountInput,
  createCustodialAccount,
} from '../../../examples/admin-server/src/functions/create-custodial-account.ts'
import { functionTemplates } from '../../../examples/admin-server/src/functions/index.ts'
import { type MintInput, mint } from '../../../examples/admin-server/src/functions/mint.ts'
import {
  createRegistry,
  type Registry,
} from '../../../examples/admin-server/src/functions/registry.ts'
import { transfer } from '../../../examples/admin-server/src/functions/transfer.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { KmsAuthorizer } from '../../../src/index.ts'
import { combineArguments } from '../../../src/relay/batch.ts'
import type { JsonCadence } from '../../../src/relay/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import type { JobRow } from '../../../src/stores/store.ts'
import { readCadence, standardContracts } from '../../support/cadence.ts'
import { type FlowChain, type Outcome, startChain } from '../../support/flow-chain.ts'
import { createMintAccount, type MintAccount } from '../../support/mint-relay.ts'

const contractsOf = (DropNFT: string) => ({
  ...Object.fromEntries(
    Object.entries(standardContracts('emulator')).map(([name, digits]) => [name, `0x${digits}`]),
  ),
  DropNFT,
})
const fundCadence = `
import FungibleToken from 0xee82856bf20e2aa6
import FlowToken from 0x0ae53cb6e3f42a79
transaction(to: Address) {
  prepare(signer: auth(BorrowValue) &Account) {
    let flow = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
      from: /storage/flowTokenVault
    )!
    getAccount(to).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
      .deposit(from: <- flow.withdraw(amount: 10.0))
  }
}`

let chain: FlowChain
let account: MintAccount
let registry: Registry
let publicKey: string

beforeAll(async () => {
  chain = await startChain({ extraFlags: ['--transaction-fees=true'] })
  const fund = async (address: string) => {
    const args = [{ type: 'Address', value: address }]
    expectDone(await sendRaw(fundCadence, args, 100, chain.service))
  }
  account = await createMintAccount(chain, 0, { fund })
  publicKey = bytesToHex((await account.signer.publicKey()).bytes)
  registry = createRegistry({
    contracts: contractsOf(account.address),
    functions: Object.fromEntries(
      functionTemplates.map(({ name }) => [name, { roles: ['requester'] }]),
    ),
  })
  const setUp = readCadence('transactions/setup-collection.cdc', contractsOf(account.address))
  expectDone(await sendRaw(setUp, [], 200, account.authorizer.authorize(account.address, 0)))
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

/** FCL takes the arguments as they are. */
function sendRaw(
  cadence: string,
  values: readonly JsonCadence[],
  limit: number,
  authz: unknown,
): Promise<Outcome> {
  const asTheyAre = { label: 'JSON-Cadence', asArgument: (value: unknown) => value }
  return chain.send({
    cadence,
    args: (arg) => values.map((one) => arg(one, asTheyAre)),
    limit,
    authz,
  })
}

/** One transaction of the account with these items, as the relay would send it. */
function execute(name: string, items: readonly (readonly JsonCadence[])[]): Promise<Outcome> {
  const { template, cadence = '' } = registry.byName(name) ?? {}
  const submission = template?.submission
  const batched = submission?.kind === 'batch'
  const limit = batched
    ? (submission.computeBase ?? 0) + items.length * (submission.computePerRequest ?? 0)
    : submission?.computeLimit
  const jobs = items.map((args) => ({ arguments: args.map((value) => JSON.stringify(value)) }))
  const values: readonly JsonCadence[] = batched
    ? combineArguments(jobs as unknown as readonly JobRow[]).map((text) => JSON.parse(text)) // only these are read
    : (items[0] ?? [])
  return sendRaw(cadence, values, limit ?? 0, account.authorizer.authorize(account.address, 0))
}

const expectDone = ({ errorMessage }: Outcome): void => expect(errorMessage).toBe('')
/** Our stable code in the message of a failure. */
const codeOf = ({ errorMessage }: Outcome): string | undefined =>
  /error: panic: (\w+\.\w+):/.exec(errorMessage)?.[1]
/** Units of computation that a transaction has used. */
const computeOf = (outcome: Outcome): number =>
  Math.round(Number(field(outcome, '.FlowFees.FeesDeducted', 'executionEffort')[0]) * 1e8)
const field = ({ events }: Outcome, type: string, name: string): readonly string[] =>
  events
    .filter((event) => event.type.endsWith(type))
    .flatMap(({ payload }) => {
      const { value } = payload as {
        value: { fields: { name: string; value: { value: unknown } }[] }
      } // every event is written so
      const found = value.fields.find((one) => one.name === name)?.value.value
      const inner = found as { value?: unknown } | string // an Optional holds a value
      return [String(typeof inner === 'object' ? inner.value : inner)]
    })
const keysOf = async (address: string) => {
  const reply = await fetch(`${chain.url}/v1/accounts/${address.slice(2)}?expand=keys`)
  return ((await reply.json()) as { keys: readonly Record<string, unknown>[] }).keys // the REST schema
}

const plain = (recipient: string): MintInput => ({
  recipient,
  name: 'Ticket 7',
  description: '',
  thumbnail: 'https://example.org/7.png',
})
const custodian = async (
  algorithm: 'ECDSA_P256' | 'ECDSA_secp256k1',
  hashAlgorithm: CreateCustodialAccountInput['hashAlgorithm'],
) => {
  const signer = createSoftwareSigner({ algorithm })
  const key = bytesToHex((await signer.publicKey()).bytes)
  const input: CreateCustodialAccountInput = {
    publicKey: key,
    signatureAlgorithm: algorithm,
    hashAlgorithm,
  }
  return { signer, key, values: createCustodialAccount.toArguments(input, 'rq_1-0') }
}

describe('mint', () => {
  it('mints a batch of everything that an NFT can have, and tells what it was for', async () => {
    const full: MintInput = {
      ...plain(account.recipient),
      name: 'é'.repeat(128),
      externalUrl: 'https://example.org/7',
      edition: { name: 'First', number: 7, max: 100 },
      traits: { Row: '1', Größe: '' },
      royalties: [{ receiver: account.recipient, cut: '0.05' }],
    }
    const items = [plain(account.address), full].map((input, index) =>
      mint.toArguments(input, `full-${index}`),
    )
    const outcome = await execute('mint', items)
    expectDone(outcome)
    expect(field(outcome, '.DropNFT.Minted', 'requestId')).toEqual(['full-0', 'full-1'])
    expect(field(outcome, '.DropNFT.Minted', 'recipient')).toEqual([
      account.address,
      account.recipient,
    ])
  })

  it('mints each item once', async () => {
    const item = mint.toArguments(plain(account.recipient), 'twice-0')
    expectDone(await execute('mint', [item]))
    expect(codeOf(await execute('mint', [item]))).toBe('DropNFT.DuplicateRequest')
  })

  it('fits in a transaction with all the traits and royalties that are taken', async () => {
    const input: MintInput = {
      ...plain(account.recipient),
      description: 'x'.repeat(4_096),
      traits: Object.fromEntries(
        Array.from({ length: 64 }, (_, index) => [`${index}`.padEnd(64, 'n'), 'v'.repeat(512)]),
      ),
      royalties: Array.from({ length: 10 }, (_, index) => ({
        receiver: `0x000000000000000${index}`,
        cut: '0.1',
      })),
    }
    const { cadence = '' } = registry.byName('mint') ?? {}
    const values = mint
      .toArguments(input, 'most-0')
      .map((value) => ({ type: 'Array', value: [value] }))
    expect(splitBatchArguments(values)).toHaveLength(1)
    const outcome = await sendRaw(
      cadence,
      values,
      9_999,
      account.authorizer.authorize(account.address, 0),
    )
    expectDone(outcome)
    // With the relay's margin far below 9,999, the highest limit that it can declare.
    expect(computeOf(outcome)).toBeLessThan(1_500)
  })

  it('is refused by the chain where the recipient has no collection', async () => {
    const bare = await chain.createAccount([{ signer: account.signer, weight: 1_000 }])
    const items = [plain(account.recipient), plain(bare)].map((input, index) =>
      mint.toArguments(input, `bare-${index}`),
    )
    expect(codeOf(await execute('mint', items))).toBe('DropNFT.NoCollection')
    expect(await account.fulfilled(['bare-0', 'bare-1'])).toEqual([null, null])
  })
})

describe('transfer', () => {
  it('moves an NFT out of the treasury, once', async () => {
    const minted = await execute('mint', [mint.toArguments(plain(account.address), 'treasury-0')])
    expectDone(minted)
    const [nftId = ''] = field(minted, '.DropNFT.Minted', 'id')
    const values = transfer.toArguments({ recipient: account.recipient, nftId }, 'rq_1-0')
    const outcome = await execute('transfer', [values])
    expectDone(outcome)
    expect(field(outcome, '.NonFungibleToken.Deposited', 'to')).toEqual([account.recipient])
    expectTwice(outcome, transfer)
    expect(codeOf(await execute('transfer', [values]))).toBe('DropNFT.NotOwned')
  })

  it('is refused by the chain where the recipient has no collection', async () => {
    const bare = await chain.createAccount([{ signer: account.signer, weight: 1_000 }])
    const values = transfer.toArguments({ recipient: bare, nftId: '1' }, 'rq_1-0')
    expect(codeOf(await execute('transfer', [values]))).toBe('DropNFT.NoCollection')
  })
})

describe('create-custodial-account', () => {
  it.each([
    { algorithm: 'ECDSA_P256', hash: 'SHA3_256' },
    { algorithm: 'ECDSA_secp256k1', hash: 'SHA2_256' },
  ] as const)(
    'makes an account with the $algorithm key given, which receives and signs',
    async ({ algorithm, hash }) => {
      const { signer, key, values } = await custodian(algorithm, hash)
      const outcome = await execute('create-custodial-account', [values])
      expectDone(outcome)
      expectTwice(outcome, createCustodialAccount)
      const [address = ''] = field(outcome, 'flow.AccountCreated', 'address')
      expect(await keysOf(address)).toEqual([
        expect.objectContaining({
          index: '0',
          public_key: `0x${key}`,
          signing_algorithm: algorithm,
          hashing_algorithm: hash,
          weight: '1000',
          revoked: false,
        }),
      ])
      const minted = await execute('mint', [mint.toArguments(plain(address), `new-${algorithm}`)])
      expectDone(minted)
      expect(field(minted, '.DropNFT.Minted', 'recipient')).toEqual([address])

      const { cadence = '' } = registry.byName('transfer') ?? {}
      const [nftId = ''] = field(minted, '.DropNFT.Minted', 'id')
      const back = transfer.toArguments({ recipient: account.recipient, nftId }, 'rq_1-0')
      const owner = KmsAuthorizer.fromSigners(signer, { accessNode: chain.url }).authorize(address)
      expectDone(
        await chain.send({
          cadence,
          args: (arg) => back.map((one) => arg(one, { asArgument: (value: unknown) => value })),
          limit: 250,
          proposer: owner,
          authorizations: [owner],
          payer: account.authorizer.authorize(account.address, 0),
        }),
      )
    },
  )

  const key = '1'.repeat(128)
  it.each<[string, readonly [string, number, number], string | undefined]>([
    ['a short public key', [key.slice(1), 1, 3], 'AccountKey.InvalidPublicKey'],
    ['a public key with 04 in front', [`04${key}`, 1, 3], 'AccountKey.InvalidPublicKey'],
    ['what is no point of the curve', [key, 1, 3], undefined], // Cadence refuses it itself
    ['signature algorithm 3', [key, 3, 3], 'AccountKey.InvalidAlgorithm'],
    ['hash algorithm 2', [key, 1, 2], 'AccountKey.InvalidAlgorithm'],
  ])('is refused by the chain for %s', async (_, [publicKey, signing, hashing], code) => {
    const values = [
      { type: 'String', value: publicKey },
      { type: 'UInt8', value: String(signing) },
      { type: 'UInt8', value: String(hashing) },
    ]
    const outcome = await execute('create-custodial-account', [values])
    expect({ codes: outcome.errorCodes, code: codeOf(outcome) }).toEqual({
      codes: expect.arrayContaining([1101]),
      code,
    })
    expect(field(outcome, 'flow.AccountCreated', 'address')).toEqual([])
  })
})

describe('add-proposal-keys', () => {
  it('adds as many as are taken at once, none of which weighs anything', async () => {
    const before = (await keysOf(account.address)).length
    const values = addProposalKeys.toArguments({ keyIndex: 0, publicKey, count: 200 }, 'rq_1-0')
    const outcome = await execute('add-proposal-keys', [values])
    expectDone(outcome)
    expectTwice(outcome, addProposalKeys)
    const added = (await keysOf(account.address)).slice(before)
    expect(added).toHaveLength(200)
    for (const { weight, public_key } of added)
      expect({ weight, public_key }).toEqual({ weight: '0', public_key: `0x${publicKey}` })
  })

  it('is refused by the chain for another key than named', async () => {
    const { key } = await custodian('ECDSA_P256', 'SHA3_256')
    const input = { keyIndex: 0, publicKey: key, count: 1 }
    const values = addProposalKeys.toArguments(input, 'rq_1-0')
    expect(codeOf(await execute('add-proposal-keys', [values]))).toBe('ProposalKeys.NotTheKey')
  })
})

/** The limit is about twice what was used: enough, and no more fee than that to own. */
function expectTwice(outcome: Outcome, { submission }: (typeof functionTemplates)[number]): void {
  const used = computeOf(outcome)
  const limit = submission.kind === 'single' ? submission.computeLimit : 0
  expect({ used, limit, right: limit >= 1.5 * used && limit <= 3 * used }).toEqual({
    used,
    limit,
    right: true,
  })
}
