import { describeKey, showAccount } from '../../../../src/provisioning/index.ts'
import { refusal, startKmsEndpoint } from '../kms-endpoint.ts'
import { PAYER, startNodeEndpoint } from '../node-endpoint.ts'

const tagOf = (address: string, chain = 'flow-emulator') => `fcl-kms:account:${chain}:${address}`

describe('describeKey', () => {
  it('verifies on the chain what the tags claim', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const keyId = kms.addKey({ KeySpec: 'ECC_NIST_P256', Description: 'mints' })
    kms.setAlias('alias/b', keyId)
    kms.setAlias('alias/a', keyId)
    const { publicKey = '' } = await describeKey({ client: kms.client, keyId })
    node.setKeys(PAYER, [{ publicKey: 'ab'.repeat(64) }, { publicKey, weight: 500 }])
    kms.setTags(keyId, {
      team: 'drops',
      [tagOf(PAYER)]: 'index=0 weight=1000 / index=1 weight=500',
      [tagOf('0x01cf0e2f2f715450')]: 'index=0 weight=1000',
      [tagOf('0x1d007d755531709b', 'flow-testnet')]: 'index=2 weight=1',
    })
    const report = await describeKey({ client: kms.client, keyId, accessNode: node.url })
    expect(report).toMatchObject({
      keyArn: keyId,
      keySpec: 'ECC_NIST_P256',
      state: 'Enabled',
      signatureAlgorithm: 'ECDSA_P256',
      aliases: ['alias/a', 'alias/b'],
      tags: { team: 'drops' },
      unread: [],
    })
    const address = PAYER
    const hashAlgorithm = 'SHA3_256'
    expect(report.uses).toEqual([
      {
        address,
        chainId: 'flow-emulator',
        keyIndex: 1,
        weight: 500,
        hashAlgorithm,
        revoked: false,
        verified: true,
      },
      expect.objectContaining({ address, keyIndex: 0, verified: false }),
      expect.objectContaining({ address: '0x01cf0e2f2f715450', verified: false }),
      expect.objectContaining({ chainId: 'flow-testnet', keyIndex: 2, verified: false }),
    ])
  })

  it('looks at the addresses of the caller', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const options = { client: kms.client, keyId: kms.addKey(), addresses: [PAYER] }
    const { uses } = await describeKey({ ...options, accessNode: node.url })
    expect(uses).toEqual([expect.objectContaining({ address: PAYER, verified: false })])
    await expect(describeKey(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('names the parts that KMS denies', async () => {
    await using kms = await startKmsEndpoint()
    for (const operation of ['GetPublicKey', 'ListAliases', 'ListResourceTags'])
      kms.always(operation, refusal('AccessDeniedException'))
    const report = await describeKey({ client: kms.client, keyId: kms.addKey() })
    expect(report.unread.map(({ part }) => part).sort()).toEqual(['aliases', 'publicKey', 'tags'])
    expect(report).not.toHaveProperty('publicKey')
    expect(report).not.toHaveProperty('aliases')
  })

  it('describes a key of a spec that Flow cannot use', async () => {
    await using kms = await startKmsEndpoint()
    const keyId = kms.addKey({ KeySpec: 'ECC_NIST_P384' })
    const report = await describeKey({ client: kms.client, keyId })
    expect(report.unusable).toMatch('ECC_NIST_P384')
    expect(report.unread).toEqual([{ part: 'publicKey', code: 'KEY_SPEC_UNSUPPORTED' }])
  })

  it.each([
    ['a key that does not exist', { keyId: 'alias/none' }, 'KEY_NOT_FOUND'],
    ['what is no key id', { keyId: 'none' }, 'INVALID_KEY_ID'],
    ['a wrong address', { addresses: ['0x1'] }, 'INVALID_ADDRESS'],
    ['another chain', { chainId: 'flow-mainnet' }, 'CHAIN_MISMATCH'],
    ['a misspelt option', { keyID: 'x' }, 'INVALID_OPTION'],
  ])('refuses %s', async (_, wrong, code) => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const options = { client: kms.client, keyId: kms.addKey(), accessNode: node.url, ...wrong }
    await expect(describeKey(options)).rejects.toMatchObject({ code })
  })
})

describe('showAccount', () => {
  it('tells which signer holds which key, and what they weigh', async () => {
    await using node = await startNodeEndpoint()
    const { authorizer, address } = node.payer
    const [own] = await authorizer.publicKeys()
    const publicKey = own?.publicKey ?? ''
    node.setKeys(PAYER, [
      { publicKey, weight: 600 },
      { publicKey, weight: 400, revoked: true },
      { publicKey, weight: 399 },
      { publicKey: 'ab'.repeat(64), weight: 1000 },
      { publicKey, weight: 1000, hash: 'KECCAK_256' },
    ])
    const account = await showAccount({ accessNode: node.url, address, authorizer })
    expect(account).toMatchObject({
      balance: 123n,
      balanceText: '0.00000123',
      totalWeightHeld: 999,
      canAuthorize: false,
    })
    const held = own?.signerId
    expect(account.keys.map(({ heldBy, canSign }) => [heldBy, canSign])).toEqual([
      [held, true],
      [held, false],
      [held, true],
      [undefined, false],
      [held, false],
    ])
  })

  it.each([
    ['a wrong address', { address: '0xf8d6' }, 'INVALID_ADDRESS'],
    ['no account', { address: '0x01cf0e2f2f715450' }, 'ACCOUNT_NOT_FOUND'],
    ['another chain', { chainId: 'flow-testnet' }, 'CHAIN_MISMATCH'],
    ['a wrong URL', { accessNode: 'ftp://127.0.0.1' }, 'INVALID_OPTION'],
    ['a URL with a password', { accessNode: 'http://a:b@127.0.0.1' }, 'INVALID_OPTION'],
  ])('refuses %s', async (_, wrong, code) => {
    await using node = await startNodeEndpoint()
    const options = { accessNode: node.url, address: PAYER, ...wrong }
    await expect(showAccount(options)).rejects.toMatchObject({ code })
  })
})
