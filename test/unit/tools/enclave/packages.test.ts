import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const module = new URL('../../../../tools/lib/enclave/packages.mjs', import.meta.url).href
const sha256 = createHash('sha256').update('a package').digest('hex')
const packages = [{ name: 'libc6', version: '2.36', sha256 }]

/** A process with a cache and a PATH of its own. */
async function ensure(folder: string): Promise<{ stdout: string }> {
  const program = `
    import(${JSON.stringify(module)})
      .then(({ ensurePackages }) => ensurePackages(${JSON.stringify(packages)}))
      .then((paths) => console.log(paths.join()), (error) => console.log(error.message))`
  const env = { XDG_CACHE_HOME: folder, PATH: join(folder, 'bin'), HOME: folder }
  return promisify(execFile)(process.execPath, ['--eval', program], { env })
}

describe('ensurePackages', () => {
  let folder = ''
  const held = (): string => join(folder, 'fcl-kms', 'debian')
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-debian-'))
    await mkdir(held(), { recursive: true })
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('takes a file from the cache, without apt', async () => {
    await writeFile(join(held(), `${sha256}.deb`), 'a package')
    expect((await ensure(folder)).stdout).toBe(`${join(held(), `${sha256}.deb`)}\n`)
  })

  it('removes a file of other bytes, and says that there is no apt', async () => {
    await writeFile(join(held(), `${sha256}.deb`), 'another package')
    expect((await ensure(folder)).stdout).toMatch(/^apt-get is missing: [^\n]+\.\n$/)
    expect(await readdir(held())).toEqual([])
  })

  it('says that apt has no mirror of Debian', async () => {
    await mkdir(join(folder, 'bin'))
    for (const name of ['apt-get', 'dpkg-deb'])
      await writeFile(
        join(folder, 'bin', name),
        '#!/bin/sh\necho https://other.example/ubuntu/\n',
        {
          mode: 0o755,
        },
      )
    expect((await ensure(folder)).stdout).toMatch(/^This machine's apt has no mirror of Debian/)
  })

  it('names each file that the mirror has no more, and where to put it, and leaves nothing', async () => {
    await mkdir(join(folder, 'bin'))
    const aptGet = `#!/bin/sh
case "$*" in
  *indextargets*) echo https://mirror.example/debian/ ;;
  *download*) echo "E: Version '2.36' for 'libc6' was not found"; exit 100 ;;
esac
`
    await writeFile(join(folder, 'bin', 'apt-get'), aptGet, { mode: 0o755 })
    await writeFile(join(folder, 'bin', 'dpkg-deb'), '#!/bin/sh\n', { mode: 0o755 })
    const last = (await ensure(folder)).stdout.trimEnd().split('\n').at(-1)
    expect(last).toContain(`libc6 2.36 (SHA-256 ${sha256})`)
    expect(last).toContain(held())
    expect(await readdir(held())).toEqual([])
    expect((await readdir(join(folder, 'fcl-kms'))).sort()).toEqual(['debian', 'locks'])
  })
})
