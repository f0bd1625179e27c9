/** What a DropNFT shows: every standard view by its values, what is refused, and the scripts. */

import {
  collectionOf,
  createHolder,
  createHolders,
  expectDone,
  type Mint,
  mintArguments,
  mintOne,
  noArguments,
  requestsOf,
  transferArguments,
  typeId,
} from '../support/drop.ts'
import { type ChainAccount, type DropChain, startDropChain } from '../support/drop-chain.ts'
import { fcl } from '../support/fcl-client.ts'

let chain: DropChain
let holder: ChainAccount
beforeAll(async () => {
  chain = await startDropChain()
  holder = await createHolder(chain)
})
afterAll(() => chain?.stop())

const metadataOf = (address: string, id: string) =>
  chain.read('get-metadata', (arg, t) => [arg(address, t.Address), arg(id, t.UInt64)])
const mintFor = (mint: Omit<Mint, 'recipient'>) =>
  mintOne(chain, { recipient: holder.address, ...mint })

const standardViews = [
  'Display',
  'Serial',
  'Royalties',
  'ExternalURL',
  'NFTCollectionData',
  'NFTCollectionDisplay',
  'Traits',
]
const viewIds = (names: readonly string[]) =>
  names.map((name) => typeId(chain.service.address, `MetadataViews.${name}`))

/** The same for every NFT of the contract at `address`. */
const collectionViews = (address: string) => ({
  collectionData: {
    storagePath: { domain: 'storage', identifier: `DropNFTCollection_${address}` },
    publicPath: { domain: 'public', identifier: `DropNFTCollection_${address}` },
    publicCollection: `&${typeId(address, 'DropNFT.Collection')}`,
    publicLinkedType: `&${typeId(address, 'DropNFT.Collection')}`,
  },
  collectionDisplay: {
    name: 'Drop NFT',
    description: 'NFTs minted on request, each request at most once.',
    externalURL: 'https://example.org/drop',
    squareImage: 'https://example.org/drop/square.svg',
    bannerImage: 'https://example.org/drop/banner.svg',
  },
})

describe('get-metadata.cdc', () => {
  it('resolves every view of an NFT that has all of them', async () => {
    const royalty = { description: 'Creator royalty', payable: true }
    const { id, serial } = await mintFor({
      requestId: 'full-1',
      name: 'Row 7, seat 12',
      description: 'Admits one — für eine Person',
      thumbnail: 'ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/7/12.png',
      externalURL: 'https://example.org/tickets/712',
      editionName: 'Opening night',
      editionNumber: '24',
      editionMax: '100',
      traits: { row: '7', seat: '12', note: '' },
      royalties: { [holder.address]: '0.05', [chain.service.address]: '0.95' },
    })
    const metadata = await metadataOf(holder.address, id)
    expect(metadata).toEqual({
      id,
      serial,
      views: viewIds([...standardViews, 'Editions']),
      name: 'Row 7, seat 12',
      description: 'Admits one — für eine Person',
      thumbnail: 'ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/7/12.png',
      editions: [{ name: 'Opening night', number: '24', max: '100' }],
      royalties: expect.arrayContaining([
        { receiver: holder.address, cut: '0.05000000', ...royalty },
        { receiver: chain.service.address, cut: '0.95000000', ...royalty },
      ]),
      externalURL: 'https://example.org/tickets/712',
      traits: { row: '7', seat: '12', note: '' },
      ...collectionViews(chain.service.address),
    })
    expect((metadata as { royalties: unknown[] }).royalties).toHaveLength(2)
  })

  it('resolves a plain NFT without an edition, royalties or traits', async () => {
    const { id, serial, edition } = await mintFor({ requestId: 'plain-1' })
    expect(edition).toBeNull()
    expect(await metadataOf(holder.address, id)).toEqual({
      id,
      serial,
      views: viewIds(standardViews),
      name: 'Ticket',
      description: '',
      thumbnail: 'https://example.org/1.png',
      editions: [],
      royalties: [],
      externalURL: 'https://example.org/drop',
      traits: {},
      ...collectionViews(chain.service.address),
    })
  })

  it('shows an open edition without a name', async () => {
    const { id, edition } = await mintFor({ requestId: 'open-1', editionNumber: '1' })
    expect(edition).toBe('1')
    const editions = [{ name: null, number: '1', max: null }]
    expect(await metadataOf(holder.address, id)).toMatchObject({ editions })
  })

  it('shows the same after a transfer', async () => {
    const other = await createHolder(chain)
    const { id } = await mintFor({ requestId: 'moved-1', traits: { row: '8' } })
    const before = await metadataOf(holder.address, id)
    expectDone(await chain.run('transfer', transferArguments(other.address, id), holder))
    expect(await metadataOf(holder.address, id)).toBeNull()
    expect(await metadataOf(other.address, id)).toEqual(before)
  })

  it('is null for an account without a collection', async () => {
    const { address } = await chain.createAccount()
    expect(await metadataOf(address, '1')).toBeNull()
  })
})

describe('the views that get-metadata.cdc cannot pass on', () => {
  it('make an empty collection of the contract, and file IPFS thumbnails as such', async () => {
    const { id } = await mintFor({ requestId: 'ipfs-1', thumbnail: 'ipfs://bafybei/a/b.png' })
    const cadence = `
      import DropNFT from ${chain.service.address}
      import MetadataViews from 0xf8d6e0586b0a20c7
      access(all) fun main(address: Address, id: UInt64): [AnyStruct] {
        let nft = getAccount(address).capabilities
          .borrow<&DropNFT.Collection>(DropNFT.CollectionPublicPath)!.borrowNFT(id)!
        let collection <- MetadataViews.getNFTCollectionData(nft)!.createEmptyCollection()
        let made = collection.getType().identifier
        let supported = collection.isSupportedNFTType(type: nft.getType())
        destroy collection
        let file = MetadataViews.getDisplay(nft)!.thumbnail as! MetadataViews.IPFSFile
        return [made, supported, file.cid, file.path]
      }`
    expect(
      await fcl.query({
        cadence,
        args: (arg, t) => [arg(holder.address, t.Address), arg(id, t.UInt64)],
      }),
    ).toEqual([typeId(chain.service.address, 'DropNFT.Collection'), true, 'bafybei', 'a/b.png'])
  })

  it('are told by the contract itself', async () => {
    const cadence = `
      import DropNFT from ${chain.service.address}
      import MetadataViews from 0xf8d6e0586b0a20c7
      access(all) fun main(): [String] {
        let ids: [String] = []
        for view in DropNFT.getContractViews(resourceType: nil) {
          if DropNFT.resolveContractView(resourceType: nil, viewType: view) != nil {
            ids.append(view.identifier)
          }
        }
        return ids
      }`
    expect(await fcl.query({ cadence, args: noArguments })).toEqual(
      viewIds(['NFTCollectionData', 'NFTCollectionDisplay']),
    )
  })
})

describe('metadata out of bounds', () => {
  const bytes = (count: number) => 'x'.repeat(count)
  const many = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`trait ${index}`, value]))
  const receivers = (count: number, cut: string) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`0x${`${index + 1}`.padStart(16, '0')}`, cut]),
    )

  it('mints at every bound', async () => {
    const { id } = await mintFor({
      requestId: 'bounds-1',
      name: bytes(256),
      description: bytes(4096),
      thumbnail: bytes(2048),
      externalURL: bytes(2048),
      editionName: bytes(256),
      editionNumber: '18446744073709551615',
      editionMax: '18446744073709551615',
      traits: { ...many(63, bytes(512)), [bytes(64)]: bytes(512) },
      royalties: receivers(10, '0.1'),
    })
    expect(await metadataOf(holder.address, id)).toMatchObject({ name: bytes(256) })
  })

  it.each<[Partial<Mint>, string, string]>([
    [{ name: '' }, 'InvalidMetadata', 'name has 0 bytes, not 1 to 256'],
    [{ name: bytes(257) }, 'InvalidMetadata', 'name has 257 bytes, not 1 to 256'],
    [{ name: '🎟'.repeat(65) }, 'InvalidMetadata', 'name has 260 bytes, not 1 to 256'],
    [{ description: bytes(4097) }, 'InvalidMetadata', 'description has 4097 bytes, not 0 to 4096'],
    [{ thumbnail: '' }, 'InvalidMetadata', 'thumbnail has 0 bytes, not 1 to 2048'],
    [{ thumbnail: bytes(2049) }, 'InvalidMetadata', 'thumbnail has 2049 bytes, not 1 to 2048'],
    [{ externalURL: '' }, 'InvalidMetadata', 'externalURL has 0 bytes, not 1 to 2048'],
    [{ externalURL: bytes(2049) }, 'InvalidMetadata', 'externalURL has 2049 bytes, not 1 to 2048'],
    [{ traits: many(65, '') }, 'InvalidMetadata', 'an NFT has at most 64 traits, not 65'],
    [{ traits: { '': '1' } }, 'InvalidMetadata', 'trait name has 0 bytes, not 1 to 64'],
    [{ traits: { [bytes(65)]: '1' } }, 'InvalidMetadata', 'trait name has 65 bytes, not 1 to 64'],
    [{ traits: { a: bytes(513) } }, 'InvalidMetadata', 'trait value has 513 bytes, not 0 to 512'],
    [{ editionNumber: '0' }, 'InvalidEdition', 'number 0 is not from 1 to 18446744073709551615'],
    [{ editionNumber: '6', editionMax: '5' }, 'InvalidEdition', 'number 6 is not from 1 to 5'],
    [{ editionName: 'A' }, 'InvalidEdition', 'an edition has a number'],
    [{ editionMax: '5' }, 'InvalidEdition', 'an edition has a number'],
    [
      { editionNumber: '1', editionName: bytes(257) },
      'InvalidMetadata',
      'editionName has 257 bytes, not 1 to 256',
    ],
    [
      { royalties: receivers(1, '1.00000001') },
      'InvalidRoyalty',
      'a cut is 0.0 to 1.0, not 1.00000001',
    ],
    [
      { royalties: receivers(2, '0.50000001') },
      'InvalidRoyalty',
      'the cuts add up to 1.00000002, more than 1.0',
    ],
    [
      { royalties: receivers(11, '0.01') },
      'InvalidRoyalty',
      'an NFT has at most 10 royalties, not 11',
    ],
  ])('refuses row %#', async (wrong, code, text) => {
    const request = { requestId: 'bounds-2', recipient: holder.address, ...wrong }
    const { failure } = await chain.run('mint', mintArguments(request), chain.service)
    expect(failure).toEqual({ errorCode: 1101, code: `DropNFT.${code}`, text })
    expect(await requestsOf(chain, 'bounds-2')).toEqual([null])
  })
})

describe('get-collection.cdc', () => {
  it('reads a collection page by page, every id once', async () => {
    const [{ address } = holder] = await createHolders(chain, 1)
    const ids: string[] = []
    for (const letter of ['a', 'b', 'c', 'd', 'e'])
      ids.push((await mintOne(chain, { requestId: `page-${letter}`, recipient: address })).id)
    const pages = await Promise.all(
      ['0', '2', '4', '5', '9'].map((offset) => collectionOf(chain, address, offset, '2')),
    )
    const page = (count: number, nextOffset: string | null) => ({
      length: '5',
      ids: Array.from({ length: count }, () => expect.any(String)),
      nextOffset,
    })
    expect(pages).toEqual([page(2, '2'), page(2, '4'), page(1, null), page(0, null), page(0, null)])
    const read = pages.flatMap((one) => (one as { ids: string[] }).ids) // as just expected
    expect(read.toSorted()).toEqual(ids.toSorted())
  })

  it.each([
    ['-1', '1'],
    ['0', '0'],
    ['0', '1001'],
  ])('refuses offset %s with limit %s', async (offset, limit) => {
    await expect(collectionOf(chain, holder.address, offset, limit)).rejects.toThrow(
      `DropNFT.InvalidPage: offset ${offset} must be at least 0 and limit ${limit} from 1 to 1000`,
    )
  })
})

describe('get-request.cdc', () => {
  it('answers in the order of the question, with null for what is not minted', async () => {
    const { id } = await mintFor({ requestId: 'asked-1' })
    const answer = await requestsOf(chain, 'never-1', 'asked-1', '', 'asked-1')
    expect(answer).toEqual([null, id, null, id])
    expect(await requestsOf(chain)).toEqual([])
  })
})
