import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../src/cli/run.ts'
import { createFileKeyStore, createSealedKeys } from '../../../src/signers/sealed-key/index.ts'
import { createSealingKms } from '../../support/sealing-kms.ts'

async function* nothing(): AsyncGenerator<string> {}

/** Without a network: what is told here asks no KMS. */
async function rewrap(...args: readonly string[]) {
  const { signal } = new AbortController()
  const world = { env: {}, signal, note: () => undefined, stdin: nothing() }
  const { stdout, exitCode } = await run(['wallets', 'rewrap', ...args, '--json'], world)
  return { value: JSON.parse(stdout), exitCode }
}

const kms = createSealingKms()
const [from, to] = [kms.arn, kms.addKey()]
const keysOf = ['--wrapping-key', from, '--to', to]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-cli-rewrap-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A folder of so many wallets under a key. */
async function wallets(keyId: string, count: number) {
  const path = await mkdtemp(join(folder, 'keys-'))
  const store = await createFileKeyStore({ folder: path })
  const keys = createSealedKeys({ kms: kms.client, keyId, store })
  for (let index = 0; index < count; index += 1)
    await keys.create(`user-${index}`, { algorithm: 'ECDSA_P256' })
  return path
}

async function filesIn(path: string) {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Promise.all(paths.map(async (file) => [file, await readFile(file, 'hex')]))
}

describe('wallets rewrap', () => {
  it('counts with --plan, and changes nothing', async () => {
    const path = await wallets(from, 2)
    const before = await filesIn(path)
    const { value, exitCode } = await rewrap('--plan', ...keysOf, '--folder', path)
    expect(exitCode).toBe(0)
    expect(value).toMatchObject({ state: 'stopped', step: 'rewrap', records: { [from]: 2 } })
    expect(await filesIn(path)).toEqual(before)
  })

  it('leaves the old key as it is, unless told to retire it', async () => {
    const { value, exitCode } = await rewrap(...keysOf, '--folder', await wallets(to, 1))
    expect({ ...value, exitCode }).toMatchObject({
      ...{ state: 'stopped', step: 'disable', rewrapped: 0, records: { [to]: 1 }, exitCode: 0 },
      notes: [`No record is under ${from} any more.`],
    })
  })

  it('ends with 1 while a record cannot be read', async () => {
    const path = await wallets(to, 1)
    const [[file = ''] = []] = await filesIn(path)
    await writeFile(file, 'none')
    const { value, exitCode } = await rewrap(...keysOf, '--folder', path)
    expect({ ...value, exitCode }).toMatchObject({ state: 'records-left', exitCode: 1 })
  })

  it.each<[string, readonly string[], string]>([
    ['no new key', ['--wrapping-key', from, '--folder', 'w'], '--to'],
    ['the same key twice', ['--wrapping-key', to, '--to', to, '--folder', 'w'], 'to'],
    ['no place', keysOf, '--folder'],
    ['days and no end', [...keysOf, '--folder', 'w', '--unused-days', '3'], '--unused-days'],
    [
      'a wait of 3 days',
      [...keysOf, '--folder', 'w', '--retire', '--pending-days', '3'],
      '--pending-days',
    ],
  ])('is refused for %s', async (_, args, option) => {
    const placed = args.map((word) => (word === 'w' ? folder : word))
    const { value, exitCode } = await rewrap(...placed)
    expect({ exitCode, ...value.error }).toMatchObject({
      exitCode: 2,
      code: 'INVALID_OPTION',
      context: { option },
    })
  })
})
