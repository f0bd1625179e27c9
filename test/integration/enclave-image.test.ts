/** The image of an enclave, built twice: in two clones in two folders, each with its own caches. @module */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startGuest } from '../../examples/enclave/local/guest/guest.ts'
import { serveSecurityModule } from '../../examples/enclave/local/nitro/security-module.ts'
import { createEnclaveHost } from '../../src/enclave/index.ts'
import { enclaveTools } from '../support/enclave-tools.ts'
import { createMapStore } from '../support/map-store.ts'
import { root } from '../types/compile.ts'

const run = promisify(execFile)
const tools = enclaveTools()
const describeEnclave = tools === undefined ? describe.skip : describe
const sources = ['src', 'examples/enclave', 'tools', 'package.json', 'tsconfig.json']
const configuration = 'examples/enclave/configuration/enclave.json'

/** Of the caches only what was downloaded, or is a cache of Go's; the first process is linked anew. */
async function makeClone(folder: string): Promise<void> {
  for (const path of sources) await cp(join(root, path), join(folder, path), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const enclave = join(folder, 'cache', 'fcl-kms', 'enclave')
  await mkdir(enclave, { recursive: true })
  await symlink(tools?.node ?? '', join(enclave, '..', (tools?.node ?? '').split('/').at(-1) ?? ''))
  await symlink(tools?.goFolder ?? '', join(enclave, 'go'))
}

const toolOf = (name: string) =>
  import(new URL(`../../tools/lib/enclave/${name}.mjs`, import.meta.url).href)
const ownPath: string = (await toolOf('kernel')).kernelPath()
const own = existsSync(ownPath) ? ownPath : undefined
const itWithOwnKernel = own === undefined ? it.skip : it
if (tools !== undefined && own === undefined)
  process.stderr.write(
    'SKIPPED the start of a shipped image: npm run enclave -- kernel builds its kernel\n',
  )

describeEnclave('the image of an enclave', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-image-'))
    for (const name of ['one', 'another place']) await makeClone(join(folder, name))
    const header = new Uint8Array(4096)
    header.set(Buffer.from('HdrS'), 0x202)
    header[0x236] = 1 // for 64 bits
    await writeFile(join(folder, 'bzImage'), header)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** With our kernel where it was built, else with a header of one: what it does does not matter here. */
  const enclave = async (clone: string, env: Record<string, string>, ...words: string[]) => {
    const place = join(folder, clone)
    const args = [
      join(place, 'tools/enclave.mjs'),
      ...words,
      '--kernel',
      own ?? join(folder, 'bzImage'),
    ]
    const { PATH = '', HOME = '' } = process.env
    const own_ = { PATH, HOME, XDG_CACHE_HOME: join(place, 'cache'), ...env }
    return run(process.execPath, args, { cwd: place, env: own_ }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error) => ({ code: error.code as number, stdout: String(error.stdout) + error.stderr }),
    )
  }

  it('is the same, whoever builds it and wherever, and another for another configuration', async () => {
    const build = ['build', '--configuration', configuration, '--output', 'images']
    const built = await enclave('one', { TZ: 'UTC', LANG: 'C' }, ...build)
    expect(built).toEqual({ code: 0, stdout: expect.stringMatching(/^PCR0 {2}[0-9a-f]{96}$/m) })

    const published = join(folder, 'one', 'images', 'mint-signer.measurements.json')
    const verify = (file: string) =>
      enclave(
        'another place',
        { TZ: 'Pacific/Kiritimati', LANG: 'de_DE.UTF-8' },
        ...['verify', '--configuration', file, '--measurements', published],
      )
    expect(await verify(configuration)).toEqual({
      code: 0,
      stdout: expect.stringContaining('The same in every part.'),
    })

    const other = JSON.parse(await readFile(join(root, configuration), 'utf8'))
    await writeFile(
      join(folder, 'another place', 'other.json'),
      JSON.stringify({ ...other, name: 'other-signer' }),
    )
    const { code, stdout } = await verify('other.json')
    expect(code).toBe(1)
    const differing = stdout.split('\n').flatMap((line) => line.split(' differs: ').slice(0, -1))
    expect(differing).toEqual(['configuration: config/enclave.json', 'PCR0', 'PCR2'])
  })

  itWithOwnKernel('starts with its own kernel, byte for byte as it is shipped', async () => {
    const local = JSON.parse(await readFile(join(root, configuration), 'utf8'))
    const vsock = { parentCid: 2 } // all that a guest of this machine knows otherwise
    await writeFile(join(folder, 'one', 'local.json'), JSON.stringify({ ...local, vsock }))
    await enclave('one', {}, 'build', '--configuration', 'local.json', '--output', 'local')
    const read = (name: string) => readFile(join(folder, 'one', 'local', `mint-signer.${name}`))
    const image = (await toolOf('eif')).readImage(await read('eif'))
    const { pcr0, pcr1, pcr2 } = JSON.parse(String(await read('measurements.json'))).measurements
    await writeFile(join(folder, 'kernel'), image.kernel)

    await using module = await serveSecurityModule({
      socketPath: join(folder, 'nsm'),
      pcrs: { 0: pcr0, 1: pcr1, 2: pcr2 },
    })
    const socketPath = join(folder, 'v')
    const { ramdisks, commandLine } = image
    await using host = await createEnclaveHost({
      vsock: { socketPath },
      store: createMapStore(),
      hosts: { 8001: '127.0.0.1:9' },
      runner: {
        async start({ signal }) {
          const { qemu, vsock, nsmBridge } = tools as NonNullable<typeof tools>
          const guest = await startGuest({
            ...{ ramdisks, commandLine, socketPath, nsm: module.socketPath, signal },
            tools: { qemu, vsock, nsmBridge, kernel: join(folder, 'kernel') },
            machine: 'microvm',
          })
          return { ended: guest.ended, stop: guest.kill }
        },
      },
      limits: { startTimeoutMs: 150_000 },
    })
    expect(await host.health()).toMatchObject({ status: 'ok' })
    expect(host.stats().heartbeats).toBeGreaterThan(0)
    expect(module.attested()).toBeGreaterThan(0)
  })
})
