/** Keys, deployment, the right to mint, and `flow.json`, on an emulator. */

import { emulatorServicePrivateKey } from '../../src/flow/emulator.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import { proposalKeysTransaction } from '../../src/provisioning/proposal-keys/transaction.ts'
import { createSoftwareSigner } from '../../src/testing/index.ts'
import { readCadence, readFlowJson, readSource, standardContracts } from '../support/cadence.ts'
import {
  collectionOf,
  createHolder,
  expectDone,
  mintArguments,
  mintedIn,
  mintOne,
  noArguments,
  typeId,
} from '../support/drop.ts'
import { type ChainAccount, type DropChain, startDropChain } from '../support/drop-chain.ts'
import { type Arguments, fcl } from '../support/fcl-client.ts'

let chain: DropChain
beforeAll(async () => {
  chain = await startDropChain()
})
afterAll(() => chain?.stop())

const refusal = (code: string, text: unknown) => ({ errorCode: 1101, code, text })

type Key = { publicKey: string; signatureAlgorithm: string; hashAlgorithm: string; weight: string }
const addKey = (account: ChainAccount, key: Partial<Key>) =>
  chain.run(
    'add-key',
    (arg, t) => [
      arg(key.publicKey ?? account.publicKey, t.String),
      arg(key.signatureAlgorithm ?? '1', t.UInt8),
      arg(key.hashAlgorithm ?? '3', t.UInt8),
      arg(key.weight ?? '1000.0', t.UFix64),
    ],
    account,
  )
const revokeKey = (account: ChainAccount, index: string) =>
  chain.run('revoke-key', (arg, t) => [arg(index, t.Int)], account)
/** The account as the access node shows it. */
const read = async (address: string) => {
  const reply = await fetch(`${chain.url}/v1/accounts/${address.slice(2)}?expand=keys,contracts`)
  // The REST schema.
  return (await reply.json()) as { keys: readonly object[]; contracts: Record<string, string> }
}
const keysOf = async (address: string) => (await read(address)).keys

describe('add-key.cdc', () => {
  it('adds keys of both curves and both hash algorithms, which then sign', async () => {
    const account = await chain.createAccount()
    const signer = createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })
    const publicKey = Buffer.from((await signer.publicKey()).bytes).toString('hex')
    expectDone(await addKey(account, { publicKey, signatureAlgorithm: '2', hashAlgorithm: '1' }))
    expectDone(await addKey(account, { weight: '0.0', hashAlgorithm: '1' }))
    expect(await keysOf(account.address)).toMatchObject([
      { index: '0', signing_algorithm: 'ECDSA_P256', hashing_algorithm: 'SHA3_256' },
      {
        index: '1',
        public_key: `0x${publicKey}`,
        signing_algorithm: 'ECDSA_secp256k1',
        hashing_algorithm: 'SHA2_256',
        weight: '1000',
        revoked: false,
      },
      {
        index: '2',
        public_key: `0x${account.publicKey}`,
        signing_algorithm: 'ECDSA_P256',
        hashing_algorithm: 'SHA2_256',
        weight: '0',
        revoked: false,
      },
    ])
    const authorizer = KmsAuthorizer.fromSigners([signer], { accessNode: chain.url })
    const authorization = authorizer.authorize(account.address, 1)
    expectDone(await chain.run('setup-collection', noArguments, { ...account, authorization }))
  })

  const weight = 'a weight is a whole number from 0.0 to 1000.0, not'
  it.each<[string, Partial<Key>, string, string]>([
    ['weight 1500', { weight: '1500.0' }, 'InvalidWeight', `${weight} 1500.00000000`],
    [
      'weight 1000.00000001',
      { weight: '1000.00000001' },
      'InvalidWeight',
      `${weight} 1000.00000001`,
    ],
    ['weight 0.5', { weight: '0.5' }, 'InvalidWeight', `${weight} 0.50000000`],
    [
      'signature algorithm 3, which is BLS here and secp256k1 elsewhere',
      { signatureAlgorithm: '3' },
      'InvalidAlgorithm',
      'signature algorithm 3 is neither 1 (ECDSA_P256) nor 2 (ECDSA_secp256k1)',
    ],
    [
      'hash algorithm 2, which is SHA2_384',
      { hashAlgorithm: '2' },
      'InvalidAlgorithm',
      'hash algorithm 2 is neither 1 (SHA2_256) nor 3 (SHA3_256)',
    ],
    [
      'a public key with the 04 in front',
      { publicKey: `04${'1'.repeat(128)}` },
      'InvalidPublicKey',
      'a public key has 128 hexadecimal digits, not 130',
    ],
  ])('refuses %s', async (_, key, code, text) => {
    const { failure } = await addKey(chain.service, key)
    expect(failure).toEqual(refusal(`AccountKey.${code}`, text))
    expect(await keysOf(chain.service.address)).toHaveLength(1)
  })

  it('leaves it to Cadence to refuse what is no point of the curve', async () => {
    const { failure } = await addKey(chain.service, { publicKey: '1'.repeat(128) })
    expect(failure).toMatchObject({ errorCode: 1101, code: undefined })
  })
})

describe('add-proposal-keys.cdc', () => {
  type Copies = { keyIndex: string; publicKey: string; count: string }
  const addCopies = (account: ChainAccount, copies: Partial<Copies> = {}) =>
    chain.run(
      'add-proposal-keys',
      (arg, t) => [
        arg(copies.keyIndex ?? '0', t.Int),
        arg(copies.publicKey ?? account.publicKey, t.String),
        arg(copies.count ?? '1', t.Int),
      ],
      account,
    )

  it('is what addProposalKeys sends', () => {
    const source = readSource('transactions/add-proposal-keys.cdc').replace(/^\/\/\/.*\n/gm, '')
    const sent = proposalKeysTransaction({
      key: { index: 0, publicKey: 'ab' },
      count: 2,
      referenceBlockId: new Uint8Array(32),
      computeLimit: 100,
      proposalKey: { address: '0xf8d6e0586b0a20c7', keyIndex: 0, sequenceNumber: 0n },
    })
    expect(sent.cadence.trim()).toBe(source.trim())
    expect(sent.arguments.map((text) => JSON.parse(text).value)).toEqual(['0', 'ab', '2'])
  })

  it('adds copies of weight 0 with the algorithms of the key', async () => {
    const account = await chain.createAccount()
    expectDone(await addKey(account, { hashAlgorithm: '1', weight: '1.0' }))
    expectDone(await addCopies(account, { keyIndex: '1', count: '2' }))
    const keys = await keysOf(account.address)
    expect(keys).toHaveLength(4)
    for (const key of keys.slice(2))
      expect(key).toMatchObject({
        public_key: `0x${account.publicKey}`,
        signing_algorithm: 'ECDSA_P256',
        hashing_algorithm: 'SHA2_256',
        weight: '0',
        revoked: false,
      })
  })

  it.each<[string, Partial<Copies>, string, (address: string) => string]>([
    ['none', { count: '0' }, 'InvalidCount', () => 'at least 1 key is added, not 0'],
    ['fewer than none', { count: '-1' }, 'InvalidCount', () => 'at least 1 key is added, not -1'],
    [
      'those of a key that is not there',
      { keyIndex: '1' },
      'NotTheKey',
      (address) => `account ${address} has no key 1`,
    ],
    [
      'those of another key than named',
      { publicKey: '1'.repeat(128) },
      'NotTheKey',
      (address) => `key 0 of account ${address} has another public key`,
    ],
  ])('refuses to add %s', async (_, copies, code, text) => {
    const { failure } = await addCopies(chain.service, copies)
    expect(failure).toEqual(refusal(`ProposalKeys.${code}`, text(chain.service.address)))
    expect(await keysOf(chain.service.address)).toHaveLength(1)
  })

  it('refuses to copy a key that is revoked', async () => {
    const account = await chain.createAccount()
    expectDone(await addKey(account, {}))
    expectDone(await revokeKey(account, '1'))
    const { failure } = await addCopies(account, { keyIndex: '1' })
    const text = `key 1 of account ${account.address} is revoked`
    expect(failure).toEqual(refusal('ProposalKeys.NotTheKey', text))
  })
})

describe('revoke-key.cdc', () => {
  it('revokes one key, for good', async () => {
    const account = await chain.createAccount()
    expectDone(await addKey(account, {}))
    expectDone(await revokeKey(account, '1'))
    expect(await keysOf(account.address)).toMatchObject([{ revoked: false }, { revoked: true }])
    const text = `key 1 of account ${account.address} is revoked`
    expect((await revokeKey(account, '1')).failure).toEqual(
      refusal('AccountKey.AlreadyRevoked', text),
    )
  })

  it.each(['-1', '1', '4294967295', '4294967296'])(
    'refuses the unknown index %s',
    async (index) => {
      const { address } = chain.service
      const text = `account ${address} has no key of index ${index}`
      expect((await revokeKey(chain.service, index)).failure).toEqual(
        refusal('AccountKey.UnknownIndex', text),
      )
      expect(await keysOf(address)).toMatchObject([{ revoked: false }])
    },
  )

  it('refuses to leave an account that nobody can sign for', async () => {
    const account = await chain.createAccount()
    expectDone(await addKey(account, { weight: '600.0' }))
    expectDone(await addKey(account, { weight: '400.0' }))
    expectDone(await revokeKey(account, '1'))
    const text =
      `without key 0 the keys of account ${account.address} weigh 400.00000000,` +
      ' less than 1000.0'
    expect((await revokeKey(account, '0')).failure).toEqual(refusal('AccountKey.WouldLock', text))
    expect(await keysOf(account.address)).toMatchObject([
      { revoked: false },
      { revoked: true },
      { revoked: false },
    ])
  })
})

describe('deploy-contract.cdc', () => {
  it('put the code on the account, byte for byte', async () => {
    const { contracts } = await read(chain.service.address)
    const code = Buffer.from(contracts['DropNFT'] ?? '', 'base64').toString()
    expect(code).toBe(readCadence('contracts/DropNFT.cdc', chain.contracts))
  })

  it('does not update a contract', async () => {
    const text = `account ${chain.service.address} has a contract DropNFT`
    expect((await chain.deploy(chain.service)).failure).toEqual(
      refusal('Contract.AlreadyDeployed', text),
    )
  })

  it('lets one wallet hold the drops of two projects', async () => {
    const project = await chain.createAccount()
    expectDone(await chain.deploy(project))
    const addresses = { ...chain.contracts, DropNFT: project.address }
    const wallet = await createHolder(chain)
    expectDone(await chain.run('setup-collection', noArguments, wallet, addresses))
    const order = { requestId: 'two-1', recipient: wallet.address }
    const { id } = await mintOne(chain, order)
    const outcome = await chain.run('mint', mintArguments(order), project, addresses)
    expectDone(outcome)
    expect(mintedIn(chain, outcome, project.address)).toMatchObject([
      { ...order, serial: '1', edition: null },
    ])
    expect(await collectionOf(chain, wallet.address)).toMatchObject({ ids: [id] })
  })
})

describe('the right to mint', () => {
  const mintWith = (minter: string, requestId: string, recipient: string) => `
    import DropNFT from ${chain.service.address}
    transaction {
      prepare(signer: auth(BorrowValue, CopyValue) &Account) {
        let minter = ${minter}
        minter.mint(
          requestId: "${requestId}",
          recipient: getAccount(${recipient}).capabilities
            .borrow<&DropNFT.Collection>(DropNFT.CollectionPublicPath)!,
          name: "Ticket", description: "", thumbnail: "https://example.org/1.png",
          externalURL: nil, editionName: nil, editionNumber: nil, editionMax: nil,
          traits: {}, royalties: {}
        )
      }
    }`

  it('is not in a minter that is borrowed without the entitlement', async () => {
    const { address } = await createHolder(chain)
    const plain = 'signer.storage.borrow<&DropNFT.Minter>(from: DropNFT.MinterStoragePath)!'
    const cadence = mintWith(plain, 'plain-1', address)
    const { failure } = await chain.send(cadence, noArguments, chain.service)
    expect(failure).toMatchObject({
      errorCode: 1101,
      text: expect.stringContaining('function requires `Mint` authorization'),
    })
  })

  it('can be lent as a capability and taken back', async () => {
    const agent = await createHolder(chain)
    const lend = `
      import DropNFT from ${chain.service.address}
      transaction {
        prepare(
          deployer: auth(IssueStorageCapabilityController) &Account,
          agent: auth(SaveValue) &Account
        ) {
          agent.storage.save(
            deployer.capabilities.storage
              .issue<auth(DropNFT.Mint) &DropNFT.Minter>(DropNFT.MinterStoragePath),
            to: /storage/minter
          )
        }
      }`
    expectDone(await chain.send(lend, noArguments, [chain.service, agent]))
    const lent =
      'signer.storage.copy<Capability<auth(DropNFT.Mint) &DropNFT.Minter>>' +
      '(from: /storage/minter)!.borrow() ?? panic("Test.TakenBack: the minter is not lent")'
    const mint = (requestId: string) =>
      chain.send(mintWith(lent, requestId, agent.address), noArguments, agent)
    const outcome = await mint('lent-1')
    expectDone(outcome)
    expect(mintedIn(chain, outcome)).toMatchObject([{ requestId: 'lent-1' }])

    const takeBack = `
      import DropNFT from ${chain.service.address}
      transaction {
        prepare(deployer: auth(GetStorageCapabilityController) &Account) {
          for controller in deployer.capabilities.storage
            .getControllers(forPath: DropNFT.MinterStoragePath) {
            controller.delete()
          }
        }
      }`
    expectDone(await chain.send(takeBack, noArguments, chain.service))
    expect((await mint('lent-2')).failure?.code).toBe('Test.TakenBack')
  })

  it('does not come back with an empty registry when the contract is removed', async () => {
    const project = await chain.createAccount()
    expectDone(await chain.deploy(project))
    const remove = `transaction {
      prepare(signer: auth(RemoveContract) &Account) { signer.contracts.remove(name: "DropNFT") }
    }`
    expectDone(await chain.send(remove, noArguments, project))
    const { failure } = await chain.deploy(project)
    expect(failure?.text).toContain(
      `path /storage/DropNFTMinter_${project.address} in account ${project.address} already stores`,
    )
  })
})

describe('a collection', () => {
  it('lets nobody withdraw through the public capability', async () => {
    const holder = await createHolder(chain)
    const { id } = await mintOne(chain, { requestId: 'public-1', recipient: holder.address })
    const withdraw = `
      import DropNFT from ${chain.service.address}
      import NonFungibleToken from 0xf8d6e0586b0a20c7
      transaction {
        prepare(signer: &Account) {
          let collection = getAccount(${holder.address}).capabilities
            .borrow<auth(NonFungibleToken.Withdraw) &DropNFT.Collection>(
              DropNFT.CollectionPublicPath
            ) ?? panic("Test.Closed: no such capability")
          destroy collection.withdraw(withdrawID: ${id})
        }
      }`
    const { failure } = await chain.send(withdraw, noArguments, chain.service)
    expect(failure?.code).toBe('Test.Closed')
    expect(await collectionOf(chain, holder.address)).toMatchObject({ ids: [id] })
  })

  it('takes no NFT of another contract', async () => {
    const project = await chain.createAccount()
    expectDone(await chain.deploy(project))
    const holder = await createHolder(chain)
    const foreign = `
      import DropNFT from ${project.address}
      import NonFungibleToken from 0xf8d6e0586b0a20c7
      transaction {
        prepare(signer: auth(BorrowValue) &Account) {
          let path = PublicPath(identifier: "DropNFTCollection_${chain.service.address}")!
          signer.storage.borrow<auth(DropNFT.Mint) &DropNFT.Minter>(
            from: DropNFT.MinterStoragePath
          )!.mint(
            requestId: "foreign-1",
            recipient: getAccount(${holder.address}).capabilities
              .borrow<&{NonFungibleToken.Receiver}>(path)!,
            name: "Ticket", description: "", thumbnail: "https://example.org/1.png",
            externalURL: nil, editionName: nil, editionNumber: nil, editionMax: nil,
            traits: {}, royalties: {}
          )
        }
      }`
    const { failure } = await chain.send(foreign, noArguments, project)
    const text = `the collection does not accept ${typeId(project.address, 'DropNFT.NFT')}`
    expect(failure).toEqual(refusal('DropNFT.WrongType', text))
  })
})

describe('flow.json', () => {
  it('names the standard contracts on every network', () => {
    const standard = (nft: string, token: string) => ({
      FungibleToken: token,
      MetadataViews: nft,
      NonFungibleToken: nft,
      ViewResolver: nft,
    })
    expect(standardContracts('emulator')).toEqual(standard('f8d6e0586b0a20c7', 'ee82856bf20e2aa6'))
    expect(standardContracts('testnet')).toEqual(standard('631e88ae7f1d7c20', '9a0766d93b6608b7'))
    expect(standardContracts('mainnet')).toEqual(standard('1d7e57aa55817448', 'f233dcee88fe0abe'))
  })

  it('holds no private key but the well-known one of the emulator', () => {
    const text = JSON.stringify(readFlowJson())
    expect(text.match(/[0-9a-f]{64}/gi)).toEqual([emulatorServicePrivateKey])
  })

  it('lets FCL resolve the imports by name', async () => {
    fcl.config({ 'flow.network': 'emulator' })
    await fcl.config.load({ flowJSON: readFlowJson() })
    const cadence = readSource('scripts/get-request.cdc')
    const args: Arguments = (arg, t) => [arg(['never-1'], t.Array(t.String))]
    expect(await fcl.query({ cadence, args })).toEqual([null])
  })
})
