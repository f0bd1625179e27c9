import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Published = {
  name: string
  measurements: { pcr0: string; pcr1: string; pcr2: string }
  parts: Record<string, string>
}
const build = new URL('../../../../tools/lib/enclave/commands/build.mjs', import.meta.url).href
const verify = new URL('../../../../tools/lib/enclave/commands/verify.mjs', import.meta.url).href
const { write } = (await import(build)) as {
  write(folder: string, files: Record<string, Uint8Array | string>): void // as in its JSDoc
}
const { assertPublished, compare } = (await import(verify)) as {
  assertPublished(value: unknown, path: string): Published
  compare(published: Published, built: Published): string[]
}

const published: Published = {
  name: 'mint-signer',
  measurements: { pcr0: 'a'.repeat(96), pcr1: 'b'.repeat(96), pcr2: 'c'.repeat(96) },
  parts: { kernel: '1'.repeat(64), 'command line': '2'.repeat(64), 'code: init': '3'.repeat(64) },
}

describe('what is compared with a published image', () => {
  it('has no difference from itself', () => {
    expect(compare(published, structuredClone(published))).toEqual([])
  })

  it('names each part and each measurement that differs', () => {
    const { kernel: _, ...parts } = published.parts
    const built = {
      ...published,
      measurements: { ...published.measurements, pcr2: 'd'.repeat(96) },
      parts: { ...parts, 'code: init': '4'.repeat(64), 'code: bin/node': '5'.repeat(64) },
    }
    expect(compare(published, built)).toEqual([
      'kernel: published, and not built here',
      `code: init differs: published ${'3'.repeat(64)}, built ${'4'.repeat(64)}`,
      'code: bin/node: built here, and not published',
      `PCR2 differs: published ${'c'.repeat(96)}, built ${'d'.repeat(96)}`,
    ])
  })

  it.each([
    ['nothing', null],
    ['a text', 'pcr0'],
    ['a field more', { ...published, more: 1 }],
    ['a measurement less', { ...published, measurements: { pcr0: 'a'.repeat(96) } }],
    [
      'a measurement more',
      { ...published, measurements: { ...published.measurements, pcr3: 'a'.repeat(96) } },
    ],
    [
      'a measurement in capitals',
      { ...published, measurements: { ...published.measurements, pcr0: 'A'.repeat(96) } },
    ],
    ['no kernel', { ...published, parts: { 'command line': '2'.repeat(64) } }],
    ['a part that is no hash', { ...published, parts: { ...published.parts, kernel: 1 } }],
  ])('is refused as %s', (_, value) => {
    expect(() => assertPublished(value, 'a.json')).toThrow(/^a\.json is not what a build wrote: /)
  })
})

describe('the files of an image', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-image-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('are written whole, over what was there', async () => {
    await writeFile(join(folder, 'a.eif'), 'old')
    write(folder, { 'a.eif': Buffer.from('new'), 'a.json': '{}' })
    expect(await readFile(join(folder, 'a.eif'), 'utf8')).toBe('new')
    expect((await readdir(folder)).sort()).toEqual(['a.eif', 'a.json'])
  })

  it('leave nothing behind where one cannot be written', async () => {
    await writeFile(join(folder, 'a.eif'), 'old')
    const files = { 'a.eif': 'new', 'no-such-folder/a.json': '{}' }
    expect(() => write(folder, files)).toThrow(/^The files cannot be written to \S+ \(ENOENT\): /)
    expect(await readdir(folder)).toEqual(['a.eif'])
    expect(await readFile(join(folder, 'a.eif'), 'utf8')).toBe('old')
  })

  it('are refused where the folder is a file', async () => {
    await writeFile(join(folder, 'taken'), '')
    expect(() => write(join(folder, 'taken'), { 'a.eif': '' })).toThrow(/cannot be written to/)
  })
})
