/** What an access node says of accounts, true and false. @module */
import { readAccount, readAccountKey } from '../../../src/flow/accounts.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { startAnswering } from './servers.ts'

const address = '0x0102030405060708'
const key = {
  index: '0',
  public_key: `0x${'aB'.repeat(64)}`,
  signing_algorithm: 'ECDSA_secp256k1',
  hashing_algorithm: 'SHA3_256',
  sequence_number: '18446744073709551615',
  weight: '1000',
  revoked: false,
}
const account = { address: '0102030405060708', balance: '100000', keys: [key], expand: [] }
const refusal = { code: 'ACCESS_NODE_REPLY_INVALID', disposition: 'refuse' }

async function accountFrom(body: unknown, status = 200) {
  await using node = await startAnswering(body, status)
  const read = await readAccount({ url: node.url, timeoutMs: ANSWERS_MS }, address)
  return { read, requests: node.requests }
}
async function keyFrom(body: unknown, status = 200, index = 0) {
  await using node = await startAnswering(body, status)
  return await readAccountKey({ url: node.url, timeoutMs: ANSWERS_MS }, address, index)
}

describe('readAccount', () => {
  it('reads address, balance and keys, without the contracts', async () => {
    const { read, requests } = await accountFrom(account)
    expect(read).toEqual({
      address,
      balance: 100_000n,
      keys: [
        {
          index: 0,
          publicKey: 'ab'.repeat(64),
          signatureAlgorithm: 'ECDSA_secp256k1',
          hashAlgorithm: 'SHA3_256',
          sequenceNumber: 2n ** 64n - 1n,
          weight: 1000,
          revoked: false,
        },
      ],
    })
    expect(requests).toEqual(['GET /v1/accounts/0102030405060708?expand=keys&block_height=sealed'])
  })

  it('reads an account without keys', async () => {
    const { keys: _, ...bare } = account
    expect((await accountFrom(bare)).read.keys).toEqual([])
  })

  it('keeps revoked keys, and keys that cannot sign transactions', async () => {
    const keys = [
      { ...key, revoked: true },
      { ...key, index: '1', hashing_algorithm: 'KECCAK_256' },
    ]
    const { read } = await accountFrom({ ...account, keys })
    expect(read.keys.map(({ revoked, hashAlgorithm }) => [revoked, hashAlgorithm])).toEqual([
      [true, 'SHA3_256'],
      [false, 'KECCAK_256'],
    ])
  })

  const changed = (change: object) => ({ ...account, keys: [{ ...key, ...change }] })
  const wrong: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['a text', 'account'],
    ['a number', 7],
    ['a list', [account]],
    ['an empty object', {}],
    ['another account', { ...account, address: '0102030405060709' }],
    ['no address', { ...account, address: undefined }],
    ['a short address', { ...account, address: '0x1' }],
    ['an address that is a number', { ...account, address: 102030405060708 }],
    ['an address that is a list', { ...account, address: ['0102030405060708'] }],
    ['no balance', { ...account, balance: undefined }],
    ['a balance that is a number', { ...account, balance: 100_000 }],
    ['a negative balance', { ...account, balance: '-1' }],
    ['a balance in hexadecimal', { ...account, balance: '0x10' }],
    ['an empty balance', { ...account, balance: '' }],
    ['a balance of 21 digits', { ...account, balance: '9'.repeat(21) }],
    ['keys that are an object', { ...account, keys: { 0: key } }],
    ['keys that are a text', { ...account, keys: 'none' }],
    ['a key that is null', { ...account, keys: [null] }],
    ['a key that is a list', { ...account, keys: [[key]] }],
    ['an index that is a number', changed({ index: 0 })],
    ['an index of 2⁵³', changed({ index: '9007199254740992' })],
    ['a negative index', changed({ index: '-1' })],
    ['a fraction as the index', changed({ index: '0.5' })],
    ['no public key', changed({ public_key: undefined })],
    ['a public key that is a number', changed({ public_key: 7 })],
    ['no signing algorithm', changed({ signing_algorithm: undefined })],
    ['a hashing algorithm that is a number', changed({ hashing_algorithm: 3 })],
    ['a weight that is a number', changed({ weight: 1000 })],
    ['a weight of 1e3', changed({ weight: '1e3' })],
    ['a sequence number that is a number', changed({ sequence_number: 0 })],
    ['a sequence number of 21 digits', changed({ sequence_number: '1'.repeat(21) })],
    ['no word on revocation', changed({ revoked: undefined })],
    ['revocation as a text', changed({ revoked: 'true' })],
    ['revocation as a number', changed({ revoked: 1 })],
  ]
  it.each(wrong)('refuses %s', async (_, body) => {
    await expect(accountFrom(body)).rejects.toMatchObject(refusal)
  })

  it('reads a weight over 1000, which the chain allows', async () => {
    expect((await accountFrom(changed({ weight: '1500' }))).read.keys[0]?.weight).toBe(1500)
  })

  it('takes nothing from __proto__', async () => {
    const body = `{"__proto__":{"address":"0102030405060708","balance":"1"}}`
    await expect(accountFrom(body)).rejects.toMatchObject(refusal)
  })

  it('says ACCOUNT_NOT_FOUND on 404', async () => {
    const message = 'could not find account with address 0102030405060708'
    await expect(accountFrom({ code: 404, message }, 404)).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_FOUND',
      context: { address },
    })
  })

  it('says CHAIN_MISMATCH for an address of another chain', async () => {
    const message =
      'Invalid Flow request: address 0102030405060708 is invalid for chain flow-testnet'
    await expect(accountFrom({ code: 400, message }, 400)).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      context: { actual: 'flow-testnet' },
    })
  })

  it.each([
    [400, { code: 400, message: 'bad request' }],
    [401, {}],
    [403, null],
    [500, { message: { nested: true } }],
    [500, []],
  ])('says ACCESS_NODE_REFUSED on %d with %j', async (status, body) => {
    await expect(accountFrom(body, status)).rejects.toMatchObject({
      code: 'ACCESS_NODE_REFUSED',
      context: { status },
    })
  })

  it('cuts what a node says, and takes out its control characters', async () => {
    const message = `\u001b[31mred\n${'x'.repeat(10_000)}`
    const error = await accountFrom({ message }, 400).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ACCESS_NODE_REFUSED' })
    expect(String(error).length).toBeLessThan(1_000)
    expect(String(error)).not.toMatch(/\p{Cc}/u)
  })

  it('refuses an address that is none before it asks', async () => {
    const node = { url: 'http://127.0.0.1:9', timeoutMs: 100 }
    await expect(readAccount(node, '../admin')).rejects.toMatchObject({ code: 'INVALID_ADDRESS' })
  })
})

describe('readAccountKey', () => {
  it('reads one key', async () => {
    expect(await keyFrom(key)).toMatchObject({ index: 0, weight: 1000, revoked: false })
  })

  it('refuses another key than asked for', async () => {
    await expect(keyFrom({ ...key, index: '1' })).rejects.toMatchObject(refusal)
  })

  it('says KEY_INDEX_UNKNOWN on 404', async () => {
    await expect(keyFrom({ code: 404, message: 'no' }, 404, 9)).rejects.toMatchObject({
      code: 'KEY_INDEX_UNKNOWN',
      context: { address, keyIndex: 9 },
    })
  })

  it.each([
    ['null', null],
    ['a list', [key]],
    ['an empty object', {}],
    ['revocation as a text', { ...key, revoked: 'true' }],
    ['a sequence number over 2⁶⁴ − 1', { ...key, sequence_number: '18446744073709551616' }],
  ])('refuses %s', async (_, body) => {
    await expect(keyFrom(body)).rejects.toMatchObject(refusal)
  })
})
