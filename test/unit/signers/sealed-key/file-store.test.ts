import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createFileKeyStore, createS3KeyStore } from '../../../../src/signers/sealed-key/index.ts'
import { publish } from '../../../../src/signers/sealed-key/stores/files.ts'

const root = mkdtempSync(join(tmpdir(), 'fcl-kms-sealed-files-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const newFolder = () => join(root, `${count++}`)
const record = new Uint8Array(400).fill(7)
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => ({
    path: join(entry.parentPath, entry.name),
    isFile: entry.isFile(),
  }))

describe('a folder of sealed keys', () => {
  it('is private, with all that is in it, whatever the umask', async () => {
    const before = process.umask(0)
    const folder = newFolder()
    try {
      const store = await createFileKeyStore({ folder })
      expect(await store.create('wallet', record)).toBe(true)
      expect(await store.replace('wallet', record, record.slice(1))).toBe(true)
    } finally {
      process.umask(before)
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const found = filesOf(folder)
    expect(found).toHaveLength(3)
    for (const { path, isFile } of found)
      expect(statSync(path).mode & 0o777).toBe(isFile ? 0o600 : 0o700)
  })

  it.each([0o701, 0o710, 0o704, 0o777])('is refused with mode %o', async (mode) => {
    const folder = newFolder()
    mkdirSync(folder)
    chmodSync(folder, mode)
    await expect(createFileKeyStore({ folder })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'folder' },
    })
  })

  it('is refused when it is a file, or the way to it has one', async () => {
    const file = newFolder()
    writeFileSync(file, '', { mode: 0o600 })
    for (const folder of [file, join(file, 'below')])
      await expect(createFileKeyStore({ folder })).rejects.toMatchObject({
        code: expect.stringMatching(/^(INVALID_OPTION|STORE_DENIED|STORE_UNAVAILABLE)$/),
      })
  })

  it.each<[string, (path: string) => void]>([
    ['a link to another file', (path) => symlinkSync(join(root, 'elsewhere'), path)],
    ['a pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdirSync(path)],
  ])('reads no record from %s', async (_, put) => {
    writeFileSync(join(root, 'elsewhere'), record)
    const folder = newFolder()
    const store = await createFileKeyStore({ folder })
    await store.create('wallet', record)
    const file = filesOf(folder).find(({ isFile }) => isFile)?.path ?? ''
    rmSync(file)
    put(file)
    const denied = { code: 'STORE_DENIED', disposition: 'hold' }
    await expect(store.read('wallet')).rejects.toMatchObject(denied)
    await expect(store.create('wallet', record)).rejects.toMatchObject(denied)
  })

  it('takes a file that lost its bytes for a damaged record, and not for a removed one', async () => {
    const folder = newFolder()
    const store = await createFileKeyStore({ folder })
    await store.create('wallet', record)
    const file = filesOf(folder).find(({ isFile }) => isFile)?.path ?? ''
    writeFileSync(file, '')
    expect(await store.read('wallet')).toEqual(new Uint8Array())
    expect(await store.create('wallet', record)).toBe(false)
    expect(await store.replace('wallet', new Uint8Array(), undefined)).toBe(true)
    expect(await store.read('wallet')).toBeUndefined()
  })

  it('tells a process that two others overtook that its record does not stand', async () => {
    const folder = newFolder()
    const store = await createFileKeyStore({ folder })
    await store.create('wallet', record)
    const first = filesOf(folder).find(({ isFile }) => isFile)?.path ?? ''
    const others = record.slice(2)
    /** Compared after the store has read what stands; then two others replace it, one after the other. */
    class Slow extends Uint8Array {
      override get length(): number {
        writeFileSync(join(dirname(first), '3'), others, { mode: 0o600 })
        rmSync(first, { force: true })
        return super.length
      }
    }
    expect(await store.replace('wallet', new Slow(record), record.slice(1))).toBe(false)
    expect(await store.read('wallet')).toEqual(others)
    expect(filesOf(folder).filter(({ isFile }) => isFile)).toHaveLength(1)
  })

  it('keeps nothing of a record that it could not give its name', async () => {
    const folder = newFolder()
    mkdirSync(folder, { mode: 0o700 })
    // As a disk that is full does, what is written ends with an error.
    const tooMuch = { byteLength: 1 } as unknown as Uint8Array
    await expect(publish(folder, '1', tooMuch)).rejects.toThrow()
    writeFileSync(join(folder, '1'), record)
    expect(await publish(folder, '1', record)).toBe(false)
    expect(readdirSync(folder)).toEqual(['1'])
  })
})

describe('a prefix in a bucket', () => {
  it.each(['../', 'a/../b/', './', '..', 'a b/', 'ä/', 'x'.repeat(201)])('is not %j', (prefix) => {
    const open = () => createS3KeyStore({ client: {}, bucket: 'wallets', prefix })
    expect(open).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option: 'prefix' }),
      }),
    )
  })

  it('may be nothing, and have dots', () => {
    for (const prefix of ['', 'a.b/..c/'])
      expect(createS3KeyStore({ client: {}, bucket: 'wallets', prefix })).toBeDefined()
  })
})
