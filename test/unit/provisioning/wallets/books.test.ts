import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import {
  createFileWalletBook,
  createSqlWalletBook,
  type Wallet,
  type WalletBook,
  type WalletRun,
} from '../../../../src/provisioning/index.ts'
import { createSqlKeyStore } from '../../../../src/signers/sealed-key/index.ts'

const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })

const wallet = (id: string, more: Partial<Wallet> = {}): Wallet => ({
  id,
  publicKey: '1'.repeat(128),
  signatureAlgorithm: 'ECDSA_secp256k1',
  hashAlgorithm: 'SHA3_256',
  chainId: 'flow-emulator',
  address: '0x01cf0e2f2f715450',
  transactionId: 'a'.repeat(64),
  ...more,
})
const { publicKey, signatureAlgorithm, hashAlgorithm } = wallet('a')
const key = { id: 'a', publicKey, signatureAlgorithm, hashAlgorithm }
const batch = { transaction: 'f800', transactionId: 'b'.repeat(64), wallets: [key] }
const runOf = (revision: number): WalletRun => ({ revision, chainId: 'flow-emulator', batch })

let root: string
let database: PGlite
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fcl-kms-books-'))
  database = await PGlite.create()
})
afterAll(async () => {
  await database.close()
  await rm(root, { recursive: true })
})

let made = 0
/** A new book, and the same one as another process opens it. */
const kinds: Readonly<Record<string, () => Promise<readonly [WalletBook, WalletBook]>>> = {
  files: async () => {
    const folder = join(root, `${made++}`)
    return [await createFileWalletBook({ folder }), await createFileWalletBook({ folder })]
  },
  SQL: async () => {
    const schema = `book_${made++}`
    return [
      await createSqlWalletBook(database, { schema }),
      await createSqlWalletBook(database, { schema }),
    ]
  },
}

describe.each(Object.keys(kinds))('a book in %s', (kind) => {
  const open = async () => (await kinds[kind]?.()) ?? []
  const opened = async () => {
    const [book, other] = await open()
    if (book === undefined || other === undefined) throw new Error('no book')
    return { book, other }
  }

  it('keeps a wallet once, for every process', async () => {
    const { book, other } = await opened()
    expect(await book.read('a')).toBeUndefined()
    expect(await book.add(wallet('a'))).toBe(true)
    expect(await other.add(wallet('a', { address: '0x179b6b1cb6755e31' }))).toBe(false)
    expect(await other.read('a')).toEqual(wallet('a'))
    expect(await other.read('A')).toBeUndefined()
  })

  it('lists pages in the order of the ids, each wallet once', async () => {
    const { book } = await opened()
    const ids = ['a', 'B', 'user-1', 'user-10', 'user-2', 'user-@', 'userz', '@', '=41']
    for (const id of ids) await book.add(wallet(id))
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await book.list({ limit: 2, ...(after === undefined ? {} : { after }) })
      expect(page.wallets.length).toBeLessThanOrEqual(2)
      seen.push(...page.wallets.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual([...ids].sort())
    const found = await book.list({ prefix: 'user-', limit: 1_000 })
    expect(found.wallets.map(({ id }) => id)).toEqual(['user-1', 'user-10', 'user-2', 'user-@'])
    expect(found.next).toBeUndefined()
  })

  it('finds by address and by public key, within a prefix too', async () => {
    const { book } = await opened()
    const address = '0x179b6b1cb6755e31'
    await book.add(wallet('a'))
    await book.add(wallet('user-1', { address }))
    await book.add(wallet('user-2', { publicKey: '2'.repeat(128) }))
    const find = async (query: object) =>
      (await book.list({ ...query, limit: 10 })).wallets.map(({ id }) => id)
    expect(await find({ address })).toEqual(['user-1'])
    expect(await find({ publicKey: '2'.repeat(128) })).toEqual(['user-2'])
    expect(await find({ address, prefix: 'a' })).toEqual([])
    expect(await find({ address, publicKey: '2'.repeat(128) })).toEqual([])
  })

  it('finds however address and public key are written, and refuses what cannot be asked', async () => {
    const { book } = await opened()
    const [address, publicKey] = ['0x179b6b1cb6755e31', 'ab'.repeat(64)]
    await book.add(wallet('user-1', { address, publicKey }))
    const asked = { address: '179B6B1CB6755E31', publicKey: publicKey.toUpperCase(), limit: 9 }
    expect((await book.list(asked)).wallets).toHaveLength(1)
    const wrong: readonly object[] = [
      ...[-1, 0, 1.5, 1_001, Number.NaN, 'x', undefined].map((limit) => ({ limit })),
      ...[5, {}, null].flatMap((value) => [{ prefix: value }, { after: value }]),
      ...['', 'x', {}].flatMap((value) => [{ address: value }, { publicKey: value }]),
      { adress: address },
    ]
    for (const query of wrong)
      await expect(book.list({ limit: 9, ...query })).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_(OPTION|ADDRESS)$/),
      })
  })

  it('gives each revision of a run to one process', async () => {
    const { book, other } = await opened()
    expect(await book.readRun()).toBeUndefined()
    const began = await Promise.all([book, other].map((one) => one.replaceRun(runOf(1), 0)))
    expect(began.filter(Boolean)).toHaveLength(1)
    expect(await other.readRun()).toEqual(runOf(1))
    for (let revision = 1; revision < 12; revision++) {
      const next = { revision: revision + 1, chainId: 'flow-emulator' }
      const races = [book, other, book].map((one) => one.replaceRun(next, revision))
      expect((await Promise.all(races)).filter(Boolean)).toHaveLength(1)
    }
    expect(await book.readRun()).toEqual({ revision: 12, chainId: 'flow-emulator' })
    for (const late of [0, 1, 11, 13])
      expect(await other.replaceRun(runOf(late + 1), late)).toBe(false)
    expect((await book.readRun())?.revision).toBe(12)
  })
})

describe('a book in files', () => {
  it('gives each revision once, however many race and however late one of them is', async () => {
    const folder = join(root, 'races')
    const books = await Promise.all([1, 2, 3, 4].map(() => createFileWalletBook({ folder })))
    const given: number[] = []
    const race = async (book: WalletBook) => {
      for (;;) {
        const revision = (await book.readRun())?.revision ?? 0
        if (revision >= 40) return
        const next = { revision: revision + 1, chainId: 'flow-emulator' }
        if (await book.replaceRun(next, revision)) given.push(next.revision)
      }
    }
    await Promise.all(books.map(race))
    const once = [...new Set(given)].sort((one, other) => one - other)
    expect(once).toEqual(Array.from({ length: once.length }, (_, index) => index + 1))
    expect(given).toHaveLength(once.length)
  })

  it('tells a damaged record, and lists the others', async () => {
    const folder = join(root, 'damaged')
    const book = await createFileWalletBook({ folder })
    const whole = JSON.stringify({ version: 1, ...wallet('whole') })
    const damaged: Readonly<Record<string, string>> = {
      cut: whole.slice(0, 90),
      empty: '',
      moved: whole,
      long: `${whole.slice(0, -1)},"more":"${' '.repeat(2_000)}"}`.replace('whole', 'long'),
      later: whole.replace('whole', 'later').replace('"version":1', '"version":2'),
      address: whole.replace('whole', 'address').replace('0x01', '01'),
      curve: whole.replace('whole', 'curve').replace('secp256k1', 'BLS'),
    }
    await book.add(wallet('whole'))
    for (const [id, text] of Object.entries(damaged))
      await writeFile(join(folder, 'wallets', id), text)
    for (const id of Object.keys(damaged))
      await expect(book.read(id)).rejects.toEqual(code('WALLET_RECORD_INVALID', { id }))
    const { wallets } = await book.list({ limit: 100 })
    expect(wallets).toHaveLength(8)
    expect(wallets.filter((one) => !('invalid' in one))).toEqual([wallet('whole')])
    expect((await book.list({ limit: 9, address: wallet('a').address })).wallets).toHaveLength(1)
  })

  it('tells a damaged run', async () => {
    const folder = join(root, 'damaged-run')
    const book = await createFileWalletBook({ folder })
    const text = JSON.stringify({ version: 1, ...runOf(3) })
    for (const wrong of ['', text.slice(9), text.replace('"b', '"c').replace(':3', ':4')]) {
      await writeFile(join(folder, 'run', '3'), wrong)
      await expect(book.readRun()).rejects.toEqual(code('WALLET_RECORD_INVALID', { id: 'run' }))
    }
    await writeFile(join(folder, 'run', '3'), text)
    expect(await book.readRun()).toEqual(runOf(3))
  })

  it('ends a page after so many records, where a search finds nothing', async () => {
    const folder = join(root, 'many')
    const book = await createFileWalletBook({ folder })
    const ids = Array.from({ length: 1_001 }, (_, index) => `u${10_000 + index}`)
    for (const id of ids)
      await writeFile(join(folder, 'wallets', id), JSON.stringify({ version: 1, ...wallet(id) }))
    const address = '0x179b6b1cb6755e31'
    const first = await book.list({ address, limit: 5 })
    expect(first).toEqual({ wallets: [], next: ids.at(-2) })
    expect(await book.list({ address, limit: 5, after: first.next ?? '' })).toEqual({ wallets: [] })
  }, 60_000)

  it('leaves nothing of older revisions, and nothing half-written', async () => {
    const folder = join(root, 'clean')
    const book = await createFileWalletBook({ folder })
    for (let revision = 0; revision < 5; revision++)
      await book.replaceRun(runOf(revision + 1), revision)
    expect(await readdir(join(folder, 'run'))).toEqual(['5'])
  })

  it.each([
    ['', 'folder'],
    ['a\0b', 'folder'],
    [5, 'folder'],
  ])('refuses the folder %j', async (folder, option) => {
    const wrong = { folder } as { folder: string } // as a caller in JavaScript may
    await expect(createFileWalletBook(wrong)).rejects.toEqual(code('INVALID_OPTION', { option }))
  })

  it('refuses a folder that others may enter, and a file', async () => {
    const folder = join(root, 'open')
    await mkdir(folder)
    await chmod(folder, 0o755)
    await expect(createFileWalletBook({ folder })).rejects.toEqual(code('INVALID_OPTION'))
    await writeFile(join(root, 'file'), '')
    await expect(createFileWalletBook({ folder: join(root, 'file') })).rejects.toEqual(
      code('STORE_UNAVAILABLE', { operation: 'open' }),
    )
  })
})

describe('a book in SQL', () => {
  it('refuses the tables of something else, and what is no database', async () => {
    await createSqlKeyStore(database)
    for (const [given, options, option] of [
      [database, { schema: 'Wallets' }, 'schema'],
      [database, { schema: 'pg_wallets' }, 'schema'],
      [database, { schema: 'fcl_kms_sealed_keys' }, 'schema'],
      [database, { timeoutMs: 0 }, 'timeoutMs'],
      [{}, {}, 'database'],
    ] as const)
      await expect(createSqlWalletBook(given as PGlite, options)).rejects.toEqual(
        code('INVALID_OPTION', { option }),
      )
  })

  it('tells a damaged record', async () => {
    const book = await createSqlWalletBook(database, { schema: 'damaged' })
    await book.add(wallet('a'))
    await book.add(wallet('b'))
    await database.exec(`UPDATE damaged.wallets SET record = '{"version":1}' WHERE id = 'b'`)
    await expect(book.read('b')).rejects.toEqual(code('WALLET_RECORD_INVALID', { id: 'b' }))
    const { wallets } = await book.list({ limit: 5 })
    expect(wallets).toEqual([wallet('a'), { id: 'b', invalid: true }])
  })
})
