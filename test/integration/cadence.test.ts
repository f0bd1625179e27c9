/** DropNFT on an emulator: collections, mints, batches and transfers, and how each is refused. */

import {
  batchArguments,
  batchArrays,
  collectionOf,
  createHolder,
  createHolders,
  expectDone,
  type Mint,
  mintArguments,
  mintedIn,
  mintOne,
  noArguments,
  requestsOf,
  transferArguments,
  typeId,
} from '../support/drop.ts'
import { type ChainAccount, type DropChain, startDropChain } from '../support/drop-chain.ts'

let chain: DropChain
let holder: ChainAccount
beforeAll(async () => {
  chain = await startDropChain()
  holder = await createHolder(chain)
})
afterAll(() => chain?.stop())

const refusal = (code: string, text: unknown = expect.any(String)) => ({
  errorCode: 1101,
  code,
  text,
})
const mint = (request: Partial<Mint> & { requestId: string }, signer = chain.service) =>
  chain.run('mint', mintArguments({ recipient: holder.address, ...request }), signer)
const batch = (mints: readonly Mint[], shortened?: number) =>
  chain.run('mint-batch', batchArguments(mints, shortened), chain.service)
const lengthOf = async (address: string) => {
  const page = await collectionOf(chain, address)
  return Number((page as { length: string }).length) // the account has a collection
}

describe('setup-collection.cdc', () => {
  const inStorage = (statement: string) => `
    import DropNFT from ${chain.service.address}
    transaction {
      prepare(signer: auth(Storage, UnpublishCapability) &Account) { ${statement} }
    }`

  it('gives an account an empty collection', async () => {
    const account = await chain.createAccount()
    expect(await collectionOf(chain, account.address)).toBeNull()
    expectDone(await chain.run('setup-collection', noArguments, account))
    const empty = { length: '0', ids: [], nextOffset: null }
    expect(await collectionOf(chain, account.address)).toEqual(empty)
  })

  it('leaves a collection as it is', async () => {
    const account = await createHolder(chain)
    const { id } = await mintOne(chain, { requestId: 'set-up-1', recipient: account.address })
    expectDone(await chain.run('setup-collection', noArguments, account))
    expect(await collectionOf(chain, account.address)).toMatchObject({ ids: [id] })
  })

  it('publishes the capability again after it was withdrawn', async () => {
    const account = await createHolder(chain)
    const unpublish = inStorage('signer.capabilities.unpublish(DropNFT.CollectionPublicPath)')
    expectDone(await chain.send(unpublish, noArguments, account))
    expect(await collectionOf(chain, account.address)).toBeNull()
    expectDone(await chain.run('setup-collection', noArguments, account))
    expect(await collectionOf(chain, account.address)).toMatchObject({ length: '0' })
  })

  it('does not touch what else is stored there', async () => {
    const account = await chain.createAccount()
    const occupy = inStorage('signer.storage.save(1, to: DropNFT.CollectionStoragePath)')
    expectDone(await chain.send(occupy, noArguments, account))
    const { failure } = await chain.run('setup-collection', noArguments, account)
    const path = `/storage/DropNFTCollection_${chain.service.address}`
    const text = `${path} of account ${account.address} holds Int`
    expect(failure).toEqual(refusal('DropNFT.PathOccupied', text))
  })
})

describe('mint.cdc', () => {
  it('deposits the NFT and says in one event which request it fulfils', async () => {
    const recipient = (await createHolder(chain)).address
    const outcome = await mint({ requestId: 'order-1', recipient })
    expectDone(outcome)
    const [minted] = mintedIn(chain, outcome)
    const id = expect.stringMatching(/^\d+$/)
    const serial = expect.stringMatching(/^\d+$/)
    expect(minted).toEqual({ requestId: 'order-1', id, recipient, serial, edition: null })
    expect(await collectionOf(chain, recipient)).toMatchObject({ ids: [minted?.id] })
    expect(await requestsOf(chain, 'order-1')).toEqual([minted?.id])
    expect(outcome.events).toContainEqual(
      expect.objectContaining({
        type: typeId(chain.service.address, 'NonFungibleToken.Deposited'),
        data: expect.objectContaining({ id: minted?.id, to: recipient }),
      }),
    )
  })

  it('numbers the mints without gaps, refused ones not counted', async () => {
    const first = await mintOne(chain, { requestId: 'serial-1', recipient: holder.address })
    await mint({ requestId: 'serial-1' })
    const second = await mintOne(chain, { requestId: 'serial-2', recipient: holder.address })
    expect(Number(second.serial)).toBe(Number(first.serial) + 1)
  })

  it('refuses a recipient without a collection', async () => {
    const { address } = await chain.createAccount()
    const { failure } = await mint({ requestId: 'homeless-1', recipient: address })
    const text = `account ${address} has no DropNFT collection`
    expect(failure).toEqual(refusal('DropNFT.NoCollection', text))
    expect(await requestsOf(chain, 'homeless-1')).toEqual([null])
  })

  it('refuses a request id that was minted, whoever is to receive it', async () => {
    const { id } = await mintOne(chain, { requestId: 'twice-1', recipient: holder.address })
    const other = await createHolder(chain)
    const text = `request id twice-1 was minted as NFT ${id}`
    for (const recipient of [holder.address, other.address]) {
      const { failure } = await mint({ requestId: 'twice-1', recipient })
      expect(failure).toEqual(refusal('DropNFT.DuplicateRequest', text))
    }
    expect(await lengthOf(other.address)).toBe(0)
  })

  it('refuses a request id whose NFT was burned', async () => {
    const account = await createHolder(chain)
    const { id } = await mintOne(chain, { requestId: 'burned-1', recipient: account.address })
    const burn = `
      import Burner from 0xf8d6e0586b0a20c7
      import DropNFT from ${chain.service.address}
      import NonFungibleToken from 0xf8d6e0586b0a20c7
      transaction {
        prepare(signer: auth(BorrowValue) &Account) {
          let collection = signer.storage.borrow<auth(NonFungibleToken.Withdraw) &DropNFT.Collection>(
            from: DropNFT.CollectionStoragePath
          )!
          Burner.burn(<- collection.withdraw(withdrawID: ${id}))
        }
      }`
    expectDone(await chain.send(burn, noArguments, account))
    expect(await lengthOf(account.address)).toBe(0)
    expect((await mint({ requestId: 'burned-1' })).failure).toEqual(
      refusal('DropNFT.DuplicateRequest', `request id burned-1 was minted as NFT ${id}`),
    )
  })

  it('takes a request id of 128 characters', async () => {
    const requestId = 'x'.repeat(128)
    const { id } = await mintOne(chain, { requestId, recipient: holder.address })
    expect(await requestsOf(chain, requestId)).toEqual([id])
  })

  it.each([
    ['nothing', '', 0],
    ['129 characters', 'x'.repeat(129), 129],
    ['a letter outside ASCII', 'café', 5],
    ['the same letter in two parts, which Cadence joins', 'cafe\u0301', 5],
    ['a line break of two characters', 'a\r\n', 3],
  ])('refuses a request id of %s', async (_, requestId, byteLength) => {
    const { failure } = await mint({ requestId })
    const text = `a request id has 1 to 128 ASCII characters, this one has ${byteLength} bytes`
    expect(failure).toEqual(refusal('DropNFT.InvalidRequestId', text))
  })

  it('refuses an account that does not hold the minter', async () => {
    const stranger = await chain.createAccount()
    const { failure } = await mint({ requestId: 'stranger-1' }, stranger)
    const text = `account ${stranger.address} does not hold the minter`
    expect(failure).toEqual(refusal('DropNFT.NotMinter', text))
    expect(await requestsOf(chain, 'stranger-1')).toEqual([null])
  })
})

describe('mint-batch.cdc', () => {
  it('mints to many recipients, in the order of the requests', async () => {
    const recipients = await createHolders(chain, 2)
    const mints = ['a', 'b', 'c', 'd'].map((letter, index) => ({
      requestId: `batch-${letter}`,
      recipient: recipients[index % 2]?.address ?? '',
      name: letter,
    }))
    const outcome = await batch(mints)
    expectDone(outcome)
    const minted = mintedIn(chain, outcome)
    const what = minted.map(({ requestId, recipient }) => ({ requestId, recipient }))
    expect(what).toEqual(mints.map(({ requestId, recipient }) => ({ requestId, recipient })))
    const serials = minted.map(({ serial }) => Number(serial))
    const first = serials[0] ?? 0
    expect(serials).toEqual([first, first + 1, first + 2, first + 3])
    const ids = minted.map(({ id }) => id)
    expect(await requestsOf(chain, ...mints.map(({ requestId }) => requestId))).toEqual(ids)
    for (const { address } of recipients) expect(await lengthOf(address)).toBe(2)
  })

  it.each<[string, Partial<Mint>, string]>([
    ['a request id that was minted before', { requestId: 'atom-0' }, 'DropNFT.DuplicateRequest'],
    ['a request id that it holds itself', { requestId: 'atom-1' }, 'DropNFT.DuplicateRequest'],
    ['an empty request id', { requestId: '' }, 'DropNFT.InvalidRequestId'],
    ['an unnamed NFT', { name: '' }, 'DropNFT.InvalidMetadata'],
    [
      'an edition above its maximum',
      { editionNumber: '3', editionMax: '2' },
      'DropNFT.InvalidEdition',
    ],
    [
      'a recipient without a collection',
      { recipient: '0xf8d6e0586b0a20c7' },
      'DropNFT.NoCollection',
    ],
  ])('mints nothing when it holds %s', async (_, wrong, code) => {
    await mint({ requestId: 'atom-0' })
    const { address } = await createHolder(chain)
    const good = { requestId: 'atom-1', recipient: address }
    const bad = { requestId: 'atom-2', recipient: address, ...wrong }
    const last = { requestId: 'atom-3', recipient: address }
    expect((await batch([good, bad, last])).failure).toEqual(refusal(code))
    expect(await lengthOf(address)).toBe(0)
    expect(await requestsOf(chain, 'atom-1', 'atom-2', 'atom-3')).toEqual([null, null, null])
  })

  it('refuses an empty batch', async () => {
    const { failure } = await batch([])
    expect(failure).toEqual(refusal('DropNFT.InvalidBatch', 'the batch is empty'))
  })

  it.each(Array.from({ length: batchArrays }, (_, index) => index))(
    'refuses arrays of different lengths: the shorter is number %i',
    async (shortened) => {
      const mints = ['s-1', 's-2'].map((requestId) => ({ requestId, recipient: holder.address }))
      const { failure } = await batch(mints, shortened)
      expect(failure).toEqual(refusal('DropNFT.InvalidBatch'))
      expect(await requestsOf(chain, 's-1', 's-2')).toEqual([null, null])
    },
  )

  it('refuses an account that does not hold the minter', async () => {
    const mints = [{ requestId: 'stranger-2', recipient: holder.address }]
    const stranger = await chain.createAccount()
    const { failure } = await chain.run('mint-batch', batchArguments(mints), stranger)
    expect(failure).toEqual(refusal('DropNFT.NotMinter'))
  })
})

describe('transfer.cdc', () => {
  it('moves an NFT and leaves its request fulfilled', async () => {
    const [from = holder, to = holder] = await createHolders(chain, 2)
    const { id } = await mintOne(chain, { requestId: 'gift-1', recipient: from.address })
    expectDone(await chain.run('transfer', transferArguments(to.address, id), from))
    expect(await collectionOf(chain, from.address)).toMatchObject({ ids: [] })
    expect(await collectionOf(chain, to.address)).toMatchObject({ ids: [id] })
    expect(await requestsOf(chain, 'gift-1')).toEqual([id])
  })

  it('refuses an NFT that the signer does not own', async () => {
    const { id } = await mintOne(chain, { requestId: 'gift-2', recipient: holder.address })
    const thief = await createHolder(chain)
    const { failure } = await chain.run('transfer', transferArguments(thief.address, id), thief)
    const text = `the collection does not hold NFT ${id}`
    expect(failure).toEqual(refusal('DropNFT.NotOwned', text))
    expect(await lengthOf(thief.address)).toBe(0)
  })

  it('refuses a recipient, and a signer, without a collection', async () => {
    const { id } = await mintOne(chain, { requestId: 'gift-3', recipient: holder.address })
    const bare = await chain.createAccount()
    const text = `account ${bare.address} has no DropNFT collection`
    for (const [signer, to] of [
      [holder, bare],
      [bare, holder],
    ] as const) {
      const { failure } = await chain.run('transfer', transferArguments(to.address, id), signer)
      expect(failure).toEqual(refusal('DropNFT.NoCollection', text))
    }
    expect(await collectionOf(chain, holder.address)).toMatchObject({
      ids: expect.arrayContaining([id]),
    })
  })
})
