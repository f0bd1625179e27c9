import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileRotations } from '../../../../src/provisioning/index.ts'
import { address, recordOf } from '../../../contract/rotation-stores.ts'

const root = mkdtempSync(join(tmpdir(), 'fcl-kms-rotation-files-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const newFolder = () => join(root, `${count++}`)
const code = (name: string) => expect.objectContaining({ code: name })

/** A store with a record that was replaced so many times. */
async function storeOf(revisions: number) {
  const folder = newFolder()
  const store = await createFileRotations(folder)
  await store.begin(recordOf())
  for (let revision = 1; revision <= revisions; revision++)
    await store.replace(recordOf({ revision }), revision - 1)
  const newest = join(folder, address, `${revisions + 1}.json`)
  return { folder, store, newest }
}

it('is private, and holds one record that people can read', async () => {
  const { folder, newest } = await storeOf(0)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(newest).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(newest, 'utf8'))).toEqual(recordOf())
})

it('empties what is older than the last two, and gives no number twice', async () => {
  const { folder, newest } = await storeOf(5)
  const place = join(folder, address)
  const sizes = readdirSync(place).map((name) => [name, statSync(join(place, name)).size > 0])
  expect(Object.fromEntries(sizes)).toEqual({
    '1.json': false,
    '2.json': false,
    '3.json': false,
    '4.json': false,
    '5.json': true,
    '6.json': true,
  })
  expect(JSON.parse(readFileSync(newest, 'utf8'))).toMatchObject({ revision: 5 })
})

it.each([0o702, 0o720, 0o777])(
  'refuses a folder of mode %o, that others may write to',
  async (mode) => {
    const folder = newFolder()
    mkdirSync(folder)
    chmodSync(folder, mode)
    await expect(createFileRotations(folder)).rejects.toEqual(code('INVALID_OPTION'))
  },
)

it.each([
  ['nothing', ''],
  ['a NUL', 'a\0b'],
  ['a file', ''],
])('refuses %s as a folder', async (name, text) => {
  const file = newFolder()
  writeFileSync(file, '', { mode: 0o600 })
  const stored = createFileRotations(name === 'a file' ? file : text)
  await expect(stored).rejects.toEqual(
    expect.objectContaining({
      code: expect.stringMatching(/^(INVALID_OPTION|STORE_DENIED|STORE_UNAVAILABLE)$/),
    }),
  )
})

const whole = `${JSON.stringify(recordOf())}\n`
it.each<[string, string]>([
  ['cut off', whole.slice(0, 400)],
  ['no JSON', 'rotation'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a field twice', whole.replace('"step"', '"step":"add","step"')],
  ['another account', whole.replaceAll(address, '0x179b6b1cb6755e31')],
  ['a later version', whole.replace('"version":1', '"version":2')],
  ['a step of nowhere', whole.replace('"step":"create"', '"step":"fly"')],
  ['a weight of a text', whole.replace('"weight":500', '"weight":"500"')],
  ['a fraction', whole.replace('"weight":500', '"weight":500.5')],
  ['a public key that is short', whole.replace('1'.repeat(128), '1'.repeat(126))],
  ['a key without its weight', whole.replace('"weight":500,', '')],
  [
    'a transaction that is none',
    whole.replace(
      '"history"',
      '"pending":{"purpose":"swap","transaction":"c0","transactionId":"' +
        '0'.repeat(64) +
        '","state":"sent","referenceHeight":1},"history"',
    ),
  ],
])('tells a record that was spoilt by hand: %s', async (_, text) => {
  const { store, newest } = await storeOf(0)
  writeFileSync(newest, text)
  const refused = expect.objectContaining({
    code: 'ROTATION_RECORD_INVALID',
    context: { address, reason: expect.any(String) },
  })
  await expect(store.read(address)).rejects.toEqual(refused)
  await expect(store.list()).rejects.toEqual(refused)
  await expect(store.replace(recordOf({ revision: 1 }), 0)).rejects.toEqual(refused)
  await expect(store.begin(recordOf())).rejects.toEqual(refused)
})

it('follows no link, does not wait for a folder in the place of a file, and names it', async () => {
  const { store, newest } = await storeOf(0)
  const refused = expect.objectContaining({
    code: 'STORE_DENIED',
    context: { operation: 'read', reason: expect.stringContaining(`${address}/1.json: `) },
  })
  rmSync(newest)
  symlinkSync(join(root, 'elsewhere'), newest)
  await expect(store.read(address)).rejects.toEqual(refused)
  rmSync(newest)
  mkdirSync(newest)
  await expect(store.read(address)).rejects.toEqual(refused)
})

it('tells of what is denied that it is the folder of the rotations', async () => {
  const file = newFolder()
  writeFileSync(file, '', { mode: 0o600 })
  await expect(createFileRotations(join(file, 'below'))).rejects.toEqual(
    expect.objectContaining({
      code: 'STORE_DENIED',
      context: {
        operation: 'open',
        reason: expect.stringContaining('the folder of the rotations: '),
      },
    }),
  )
})

it.each([
  ['the newest file', []],
  ['the newest that is left of three', ['6.json', '5.json']],
])('tells that %s is empty, and takes nothing in its place', async (_, lost) => {
  const { store, folder, newest } = await storeOf(5)
  for (const name of lost) rmSync(join(folder, address, name))
  if (lost.length === 0) writeFileSync(newest, '')
  const name = lost.length === 0 ? '6.json' : '4.json'
  const refused = expect.objectContaining({
    code: 'ROTATION_RECORD_INVALID',
    context: { address, reason: `its newest file, ${address}/${name}, is empty` },
  })
  await expect(store.read(address)).rejects.toEqual(refused)
  await expect(store.replace(recordOf({ revision: 6 }), 5)).rejects.toEqual(refused)
  await expect(store.begin(recordOf())).rejects.toEqual(refused)
})

it('makes no folder for those who only ask', async () => {
  const folder = newFolder()
  const store = await createFileRotations(folder)
  expect(await store.read(address)).toBeUndefined()
  expect(await store.list()).toEqual([])
  expect(await store.replace(recordOf({ revision: 1 }), 0)).toBe(false)
  expect(existsSync(folder)).toBe(false)
})

it('refuses folders that others were let into since it was opened', async () => {
  const { store, folder } = await storeOf(0)
  const refused = (reason: RegExp) =>
    expect.objectContaining({
      code: 'INVALID_OPTION',
      context: { option: 'folder', reason: expect.stringMatching(reason) },
    })
  for (const [path, reason] of [
    [folder, /owner of it may.+chmod 700/],
    [join(folder, address), new RegExp(`owner of ${address} may.+chmod 700`)],
  ] as const) {
    chmodSync(path, 0o777)
    await expect(store.read(address)).rejects.toEqual(refused(reason))
    await expect(store.list()).rejects.toEqual(refused(reason))
    await expect(store.replace(recordOf({ revision: 1 }), 0)).rejects.toEqual(refused(reason))
    await expect(store.begin(recordOf())).rejects.toEqual(refused(reason))
    chmodSync(path, 0o700)
  }
})
