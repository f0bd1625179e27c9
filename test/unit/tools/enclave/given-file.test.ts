import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Tools = { readNamed(path: string, maxBytes: number, what: string): Uint8Array }
const file = new URL('../../../../tools/lib/enclave/given-file.mjs', import.meta.url).href
const { readNamed } = (await import(file)) as Tools

describe('a file that somebody named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-given-'))
  const place = (name: string) => join(folder, name)
  writeFileSync(place('eight'), '12345678')
  execFileSync('mkfifo', [place('pipe')])
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is read up to its bound', () => {
    expect(String(readNamed(place('eight'), 8, 'The image'))).toBe('12345678')
  })

  it.each([
    ['longer', place('eight'), 'it is longer than 7 bytes'],
    ['without an end', '/dev/zero', 'it is no file'],
    ['a pipe that nobody writes to', place('pipe'), 'it is no file'],
    ['a folder', folder, 'it is no file'],
    ['not there', place('none'), 'ENOENT'],
  ])('is not read when it is %s', (_, path, reason) => {
    expect(() => readNamed(path, 7, 'The image')).toThrow(
      `The image ${path} cannot be read (${reason}): name another file.`,
    )
  })
})
