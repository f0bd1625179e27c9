import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Entry = { readonly path: string; readonly contents: Uint8Array }
const module = new URL('../../../../tools/lib/enclave/libraries.mjs', import.meta.url).href
const { libraryEntries } = (await import(module)) as {
  libraryEntries(paths: readonly string[], provided: readonly Entry[]): readonly Entry[]
} // as in its JSDoc

/** Any library of this machine that needs another. */
const maths = '/lib/x86_64-linux-gnu/libm.so.6'
const isHere = process.platform === 'linux' && process.arch === 'x64' && existsSync(maths)

;(isHere ? describe : describe.skip)('the libraries of a module', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-libraries-'))
  const path = join(folder, 'module.so')
  afterAll(() => rmSync(folder, { recursive: true }))
  function changed(from: string, to: string): string {
    const text = readFileSync(maths, 'latin1')
    expect(text).toContain(from)
    writeFileSync(path, text.replaceAll(from, to), 'latin1')
    return path
  }
  const pathsOf = (entries: readonly Entry[]) => entries.map((entry) => entry.path)

  it('lie where the module is, and where the loader looks', () => {
    writeFileSync(path, readFileSync(maths))
    const entries = libraryEntries([path], [])
    expect(pathsOf(entries)).toEqual([path.slice(1), 'lib/x86_64-linux-gnu/libc.so.6'])
    expect(Buffer.from(entries[0]?.contents ?? []).equals(readFileSync(maths))).toBe(true)
  })

  it('are not added where they are already', () => {
    writeFileSync(path, readFileSync(maths))
    const provided = libraryEntries([path], []).slice(1)
    expect(pathsOf(libraryEntries([path], provided))).toEqual([path.slice(1)])
  })

  it.each([
    ['one that is nowhere', 'libc.so.6\0', 'libX.so.6\0', /needs libX.so.6, which is nowhere/],
    ['a newer one than the guest has', 'GLIBC_2.2.5\0', 'GLIBC_9.9.9\0', /needs GLIBC_9.9.9/],
    ['another machine', '\x7fELF\x02\x01', '\x7fELF\x01\x01', /no library for x86-64/],
  ])('are refused with %s', (_, from, to, reason) => {
    expect(() => libraryEntries([changed(from, to)], [])).toThrow(reason)
  })

  it('are refused when one is not there, or cut off', () => {
    expect(() => libraryEntries([join(folder, 'none.so')], [])).toThrow(/ENOENT/)
    for (const length of [0, 20, 63, 200, 4_000]) {
      writeFileSync(path, readFileSync(maths).subarray(0, length))
      expect(() => libraryEntries([path], [])).toThrow(/cut off|no library/)
    }
  })
})
