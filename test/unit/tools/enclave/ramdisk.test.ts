import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'

type Entry = { path: string; contents?: Uint8Array; target?: string; mode?: number }
const module = new URL('../../../../tools/lib/enclave/ramdisk.mjs', import.meta.url).href
const { createRamdisk } = (await import(module)) as {
  createRamdisk(entries: readonly Entry[]): Buffer // as in its JSDoc
}

const entries: Entry[] = [
  { path: 'init', contents: Buffer.from('#!/bin/true\n'), mode: 0o755 },
  { path: 'app/lib/libc.so.6', contents: Buffer.from('C') },
  { path: 'app/enclave.mjs', contents: Buffer.from('12345') },
  { path: 'lib64', target: 'app/lib' },
  { path: 'run', mode: 0o700 },
]

/** An archive as text: mode, owner, links, time, length, name and contents of each part. */
function list(archive: Buffer): string[] {
  const lines: string[] = []
  for (let at = 0; ; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16)
    const [length, nameLength] = [field(6), field(11)]
    const name = archive.toString('latin1', at + 110, at + 109 + nameLength)
    const start = (at + 110 + nameLength + 3) & ~3
    const numbers = [2, 3, 5, 7, 8, 9, 10, 12].map(field)
    if (name === 'TRAILER!!!') {
      expect(archive.length - start).toBeLessThan(512)
      expect(archive.subarray(start).every((byte) => byte === 0)).toBe(true)
      return lines
    }
    expect(numbers).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    const contents = archive.toString('latin1', start, start + length)
    lines.push(`${field(1).toString(8)} ${field(4)} ${name} ${JSON.stringify(contents)}`)
    at = (start + length + 3) & ~3
  }
}

const noPath = /^"[^\n]*" is no path of a ramdisk: .*\.$/

describe('createRamdisk', () => {
  it('packs files, links and folders, sorted, with the folders above them', () => {
    const archive = createRamdisk(entries)
    expect(archive.length % 512).toBe(0)
    expect(list(archive)).toEqual([
      '40755 2 app ""',
      '100644 1 app/enclave.mjs "12345"',
      '40755 2 app/lib ""',
      '100644 1 app/lib/libc.so.6 "C"',
      '100755 1 init "#!/bin/true\\n"',
      '120777 1 lib64 "app/lib"',
      '40700 2 run ""',
    ])
  })

  it('makes the same bytes in whatever order, on every Node.js and machine', () => {
    const archive = createRamdisk(entries)
    expect(createRamdisk([...entries].reverse()).equals(archive)).toBe(true)
    expect(createHash('sha256').update(archive).digest('hex')).toBe(
      '2f8125da67260c8ca9c30dbabb033e6b8c8b499564ff9fe976206c8049f82b02',
    )
  })

  it('is listed by cpio', () => {
    const listed = listByCpio(createRamdisk(entries))
    if (listed === undefined) return // not on every machine; the reader above is on all
    expect(listed).toEqual([
      'app',
      'app/enclave.mjs',
      'app/lib',
      'app/lib/libc.so.6',
      'init',
      'lib64',
      'run',
    ])
  })

  it.each<[string, readonly Entry[], RegExp]>([
    ['a path from /', [{ path: '/init' }], noPath],
    ['a path to above', [{ path: 'app/../init' }], noPath],
    ['an empty part', [{ path: 'app//init' }], noPath],
    ['no path', [{ path: '' }], noPath],
    ['a name outside ASCII', [{ path: 'größe' }], noPath],
    ['a name with a control character', [{ path: 'a\nb' }], noPath],
    ['the name that ends an archive', [{ path: 'TRAILER!!!' }], noPath],
    ['a path that is there twice', [{ path: 'a' }, { path: 'a' }], /^a is there twice/],
    [
      'a file as a folder',
      [{ path: 'a', contents: Buffer.from('') }, { path: 'a/b' }],
      /^a is no folder, and a\/b lies in it/,
    ],
    [
      'a file that is a link too',
      [{ path: 'a', contents: Buffer.from(''), target: 'b' }],
      /^a cannot be a file and a link/,
    ],
    [
      'a mode with the bit of set-user-id',
      [{ path: 'a', mode: 0o4755 }],
      /^The mode of a is not nine/,
    ],
  ])('refuses %s', (_, refused, sentence) => {
    expect(() => createRamdisk(refused)).toThrow(sentence)
  })
})

function listByCpio(archive: Buffer): string[] | undefined {
  try {
    return execFileSync('cpio', ['-it', '--quiet'], { input: archive, encoding: 'utf8' })
      .trimEnd()
      .split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
