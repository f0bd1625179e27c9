import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../src/cli/run.ts'
import { createFileWalletBook, type Wallet } from '../../../src/provisioning/index.ts'
import { startNodeEndpoint } from '../provisioning/node-endpoint.ts'

async function* nothing(): AsyncGenerator<string> {}

async function cli(...args: readonly string[]) {
  const notes: string[] = []
  const { signal } = new AbortController()
  const world = { env: {}, signal, note: (line: string) => notes.push(line), stdin: nothing() }
  return { ...(await run(['wallets', ...args], world)), notes }
}

/** What `--json` printed. */
const json = async (...args: readonly string[]) => {
  const { stdout, exitCode } = await cli(...args, '--json')
  return { value: JSON.parse(stdout), exitCode }
}

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const address = '0x01cf0e2f2f715450'
const wallet = (id: string, more: Partial<Wallet> = {}): Wallet => ({
  id,
  publicKey: '1'.repeat(128),
  signatureAlgorithm: 'ECDSA_secp256k1',
  hashAlgorithm: 'SHA3_256',
  chainId: 'flow-emulator',
  address: '0x179b6b1cb6755e31',
  transactionId: 'a'.repeat(64),
  ...more,
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-cli-wallets-'))
  const book = await createFileWalletBook({ folder: join(folder, 'book') })
  for (const id of ['user-1', 'user-2', 'user-3']) await book.add(wallet(id))
  await book.add(wallet('alice', { address, publicKey: '2'.repeat(128) }))
})
afterAll(() => rm(folder, { recursive: true }))

describe('wallets list', () => {
  const ids = async (...args: readonly string[]) => {
    const { value, exitCode } = await json('list', '--folder', folder, ...args)
    return { ids: value.wallets.map(({ id }: Wallet) => id), next: value.next, exitCode }
  }

  it('goes from page to page', async () => {
    const first = { ids: ['user-1', 'user-2'], next: 'user-2', exitCode: 0 }
    const prefix = ['--prefix', 'user-', '--limit', '2']
    expect(await ids(...prefix)).toEqual(first)
    expect(await ids(...prefix, '--after', 'user-2')).toEqual({ ids: ['user-3'], exitCode: 0 })
  })

  it('finds an account and a public key, however they are written', async () => {
    expect((await ids('--address', address.toUpperCase().replace('0X', ''))).ids).toEqual(['alice'])
    expect((await ids('--public-key', '2'.repeat(128))).ids).toEqual(['alice'])
    expect((await ids('--address', '0xf3fcd2c1a78f5eee')).ids).toEqual([])
  })

  it('shows lines, and where the next ones are', async () => {
    const { stdout } = await cli('list', '--book', join(folder, 'book'), '--limit', '1')
    expect(stdout).toBe(
      `alice  ${address}  ECDSA_secp256k1  ${'2'.repeat(128)}\nmore: --after alice\n`,
    )
  })

  it('ends with 1 when a record is damaged, and shows the others', async () => {
    const damaged = join(folder, 'damaged')
    const book = await createFileWalletBook({ folder: damaged })
    await book.add(wallet('whole'))
    await writeFile(join(damaged, 'wallets', 'cut'), '{"version":1')
    const { stdout, exitCode } = await cli('list', '--book', damaged)
    expect({ stdout: stdout.split('\n').length, exitCode }).toEqual({ stdout: 3, exitCode: 1 })
    expect(stdout).toContain('cut    the record is damaged\nwhole  0x')
  })
})

describe('wallets show', () => {
  it('shows a wallet of the book and its account, without asking KMS', async () => {
    await using node = await startNodeEndpoint()
    node.setKeys(address, [{ publicKey: '2'.repeat(128), algorithm: 'ECDSA_secp256k1' }])
    const args = ['show', '--folder', folder, '--id', 'alice', '--access-node', node.url]
    const { value, exitCode } = await json(...args)
    expect(exitCode).toBe(0)
    expect(value).toMatchObject({ id: 'alice', address, account: { balanceText: '0.00000123' } })
    expect((await cli(...args)).stdout).toContain('balance          0.00000123 FLOW\n')
  })

  it.each([
    ['that is not there', ['--id', 'bob'], 'WALLET_NOT_FOUND'],
    ['with an id that is none', ['--id', '../alice'], 'WALLET_NOT_FOUND'],
  ])('refuses a wallet %s', async (_, args, code) => {
    const chain = ['--access-node', 'http://127.0.0.1:1']
    const { value, exitCode } = await json('show', '--folder', folder, ...args, ...chain)
    expect({ code: value.error.code, exitCode }).toEqual({ code, exitCode: 1 })
  })
})

it('a wallet of another chain than --network signs nothing', async () => {
  const args = ['--folder', folder, '--wrapping-key', keyArn, '--id', 'alice', '--text', 'x']
  const { value, exitCode } = await json('sign', ...args, '--network', 'testnet')
  expect(exitCode).toBe(1)
  expect(value.error).toMatchObject({
    code: 'CHAIN_MISMATCH',
    context: { expected: 'flow-testnet', actual: 'flow-emulator' },
  })
})

describe('wrong usage ends with 2 and says which option', () => {
  const chain = ['--access-node', 'http://127.0.0.1:1']
  const sealed = [...chain, '--wrapping-key', keyArn, '--folder', 'w']
  const create = ['create', ...sealed, '--payer', 'emulator']
  const sign = ['sign', ...sealed, '--id', 'a']
  const send = ['send', ...sealed, '--id', 'a', '--to', address]
  const kms = ['--key', 'alias/a', ...chain]

  it.each<[string, readonly string[], string]>([
    ['neither id nor count', create, '--id'],
    ['id and count', [...create, '--id', 'a', '--count', '5'], '--id'],
    ['an id and a prefix', [...create, '--id', 'a', '--prefix', 'b'], '--prefix'],
    ['a count without prefix', [...create, '--count', '5'], '--prefix'],
    ['a count of 0', [...create, '--count', '0', '--prefix', 'b'], '--count'],
    ['another curve', [...create, '--id', 'a', '--algorithm', 'BLS'], '--algorithm'],
    ['another hash', [...create, '--id', 'a', '--hash', 'SHA2_384'], '--hash'],
    ['a key and an id', ['create', ...kms, '--id', 'a'], '--id'],
    ['a key and a folder', ['show', ...kms, '--folder', 'w'], '--folder'],
    ['a key and a wrapping key', ['show', ...kms, '--wrapping-key', keyArn], '--wrapping-key'],
    ['a key and a batch', ['create', ...kms, '--batch', '5'], '--batch'],
    ['an id and an address', ['show', ...chain, '--id', 'a', '--address', address], '--address'],
    ['no book', ['list'], '--book'],
    ['a bucket and no book', ['show', ...chain, '--bucket', 'b', '--id', 'a'], '--book'],
    ['a limit of 1001', ['list', '--folder', 'w', '--limit', '1001'], '--limit'],
    ['half a public key', ['list', '--folder', 'w', '--public-key', 'abcd'], '--public-key'],
    ['nothing to sign', sign, '--message'],
    ['a text and a file', [...sign, '--text', 'x', '--in', 'a.rlp'], '--text'],
    ['a file and no place for it', [...sign, '--in', 'a.rlp'], '--out'],
    ['a policy for a text', [...sign, '--text', 'x', '--policy', 'p.json'], '--policy'],
    ['no amount', send, '--amount'],
    ['the bytes on stdout', [...send, '--amount', '1', '--out', '-'], '--out'],
    ['a key of no payer', [...send, '--amount', '1', '--payer-key', 'alias/a'], '--payer'],
  ])('for %s', async (_, args, option) => {
    const { value, exitCode } = await json(...args)
    expect({ exitCode, ...value.error }).toMatchObject({
      exitCode: 2,
      code: 'INVALID_OPTION',
      context: { option },
    })
  })

  it('for a folder and a bucket', async () => {
    const both = ['--folder', folder, '--bucket', 'b', '--wrapping-key', keyArn]
    const { value } = await json('sign', ...both, ...chain, '--id', 'alice', '--text', 'x')
    const reason = 'give either --folder or --bucket'
    expect(value.error.context).toEqual({ option: '--folder', reason })
  })
})
