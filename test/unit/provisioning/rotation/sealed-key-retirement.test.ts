import {
  type SealedKeyRetirementOptions,
  sealedKeyRetirement,
} from '../../../../src/provisioning/rotation/retirement/sealed-key-retirement.ts'
import { createSealedKeys } from '../../../../src/signers/sealed-key/index.ts'
import { createMapStore } from '../../../support/map-store.ts'
import { createSealingKms } from '../../../support/sealing-kms.ts'
import { type NodeEndpoint, startNodeEndpoint } from '../node-endpoint.ts'
import { ACCOUNT, ago, code, DAY_MS } from './retirement-world.ts'

let node: NodeEndpoint
beforeAll(async () => {
  node = await startNodeEndpoint()
})
afterAll(() => node[Symbol.asyncDispose]())

async function openWallet(revoked: boolean) {
  const kms = createSealingKms()
  const store = createMapStore()
  const keys = createSealedKeys({ kms: kms.client, keyId: kms.arn, store })
  const { publicKey } = await keys.create('alice', { algorithm: 'ECDSA_P256' })
  node.setKeys(ACCOUNT, [{ publicKey, revoked }])
  const retirement = (options: Partial<SealedKeyRetirementOptions> = {}) =>
    sealedKeyRetirement(keys, 'alice', {
      accessNode: node.url,
      addresses: [ACCOUNT],
      ...options,
    }) as Required<ReturnType<typeof sealedKeyRetirement>>
  return { keys, store, retirement }
}

describe('sealedKeyRetirement', () => {
  it('forgets the wallet when the chain revoked it 7 days ago, and says so each time', async () => {
    const { store, retirement } = await openWallet(true)
    const { disable, unused, remove, ...rest } = retirement()
    expect(rest).toEqual({ kind: 'sealed-key', reference: 'alice' })
    expect(await disable(ago(8))).toMatchObject({ done: false })
    expect(await unused(ago(8))).toMatchObject({ unused: true })
    expect(await remove(ago(8))).toMatchObject({ done: true })
    expect(store.records.size).toBe(0)
    expect(await remove(ago(8))).toMatchObject({ done: true })
  })

  it('waits for the days since the chain revoked it', async () => {
    const { store, retirement } = await openWallet(true)
    const check = ago(6)
    const { unused, remove } = retirement()
    expect(await unused(check)).toMatchObject({
      unused: false,
      askAgainAt: check.revokedAt + 7 * DAY_MS,
    })
    await expect(remove(check)).rejects.toEqual(code('KEY_STILL_USED', { reference: 'alice' }))
    expect(store.records.size).toBe(1)
    expect(await retirement({ unusedForDays: 0 }).remove(ago(0))).toMatchObject({ done: true })
  })

  it('keeps a wallet that an account has unrevoked', async () => {
    const { store, retirement } = await openWallet(false)
    await expect(retirement().remove(ago(8))).rejects.toEqual(
      code('KEY_STILL_USED', { reason: expect.stringContaining('unrevoked') }),
    )
    expect(store.records.size).toBe(1)
  })

  it('keeps one of which the account does not exist, and one of another chain', async () => {
    const { store, retirement } = await openWallet(true)
    const addresses = ['0x0000000000000001']
    await expect(retirement({ addresses }).remove(ago(8))).rejects.toEqual(code('KEY_STILL_USED'))
    const elsewhere = retirement({ chainId: 'flow-mainnet' })
    await expect(elsewhere.remove(ago(8))).rejects.toEqual(code('CHAIN_MISMATCH'))
    expect(store.records.size).toBe(1)
  })

  it('passes on a record that is none', async () => {
    const { store, retirement } = await openWallet(true)
    store.records.set('alice', new Uint8Array(9))
    await expect(retirement().remove(ago(8))).rejects.toEqual(code('SEALED_KEY_INVALID'))
  })

  it('refuses to ask no account, and an id that is none', async () => {
    const { keys, retirement } = await openWallet(true)
    expect(() => retirement({ addresses: [] })).toThrow(
      code('INVALID_OPTION', { option: 'addresses' }),
    )
    const options = { accessNode: node.url, addresses: [ACCOUNT] }
    expect(() => sealedKeyRetirement(keys, 'a/b', options)).toThrow(
      code('INVALID_OPTION', { option: 'id' }),
    )
  })
})
