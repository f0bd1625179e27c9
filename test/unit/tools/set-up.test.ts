import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const path = new URL('../../../tools/lib/emulator-changes.mjs', import.meta.url).href
const { changes }: { changes: readonly { file: string; from: string; to: string }[] } =
  await import(path)
const setUp = fileURLToPath(new URL('../../../tools/setup.mjs', import.meta.url))

describe('set-up', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-set-up-'))
    await mkdir(join(folder, 'bin'))
    for (const name of ['sh', 'cp']) await symlink(`/bin/${name}`, join(folder, 'bin', name))
  })
  afterEach(() => rm(folder, { recursive: true }))

  /** A program of this name on PATH, which holds nothing else. */
  const install = (name: string, body: string) =>
    writeFile(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })

  const run = (part: '--emulator' | '--aws' | '--lambda', env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [setUp, part], {
      env: { PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder, ...env },
      encoding: 'utf8',
    })
    return { status, stdout: stdout.trim(), stderr: stderr.trim() }
  }

  it.each([
    ['--emulator', 'Go 1.26'],
    ['--aws', 'Python 3.10'],
  ] as const)('%s says in one sentence what is missing and how to get it', (part, remedy) => {
    const { status, stderr } = run(part)
    expect(status).toBe(1)
    expect(stderr).toContain(`install ${remedy} or newer`)
    expect(stderr.split('\n')).toHaveLength(1)
  })

  it('says that Go is too old', async () => {
    await install('go', 'echo go version go1.25.9 linux/amd64')
    expect(run('--emulator').stderr).toMatch(/go1\.25\.9 .*install Go 1\.26 or newer/)
  })

  it('says that Go lacks a C compiler', async () => {
    await install(
      'go',
      'case $1 in version) echo go version go1.26.0 linux/amd64;; *) echo gcc;; esac',
    )
    expect(run('--emulator').stderr).toMatch(/no C compiler \(gcc\)/)
  })

  it('says that Python is too old', async () => {
    await install('python3', 'echo 3.9.18')
    expect(run('--aws').stderr).toMatch(/found 3\.9\.18.*install Python 3\.10 or newer/)
  })

  it('says that Python cannot make a virtual environment', async () => {
    await install('python3', 'test "$1" = -c && echo 3.12.1')
    expect(run('--aws').stderr).toMatch(/apt-get install python3-venv/)
  })

  describe('with a Go that builds', () => {
    /** @param lacks - This text stands nowhere in the source. */
    const installGo = async (lacks = 'nothing') => {
      const module = join(folder, 'module')
      for (const file of new Set(changes.map((change) => change.file))) {
        const texts = changes.filter((change) => change.file === file).map(({ from }) => from)
        await mkdir(dirname(join(module, file)), { recursive: true })
        const source = texts.join('// more\n').replace(lacks, '')
        await writeFile(join(module, file), source, { mode: 0o444 })
      }
      await install(
        'go',
        `case "$1 $2" in
          version*) echo go version go1.26.0 linux/amd64 ;;
          "env CC") echo sh ;;
          "list -m") echo '${module}' ;;
          build*) while [ "$1" != -o ]; do shift; done; cp '${join(folder, 'bin', 'go')}' "$2" ;;
        esac`,
      )
      return (file: string) => readFile(join(module, file), 'utf8')
    }
    it('builds once, with the debugger on loopback and programs that are kept, and keeps the program only', async () => {
      const read = await installGo()
      const first = run('--emulator')
      expect(first).toMatchObject({ status: 0, stderr: '' })
      expect(await read('server/debugger/debugger.go')).toBe('fmt.Sprintf("127.0.0.1:%d"')
      for (const { file, to } of changes) expect(await read(file)).toContain(to)
      const program = first.stdout.split('FLOW_EMULATOR=')[1] ?? ''
      expect(program.startsWith(join(folder, 'fcl-kms', 'emulator-'))).toBe(true)
      expect(await readdir(dirname(program))).toEqual(['flow-emulator'])
      expect(await readdir(join(folder, 'fcl-kms', 'locks'))).toEqual([])
      expect(run('--emulator').stdout).toBe(`FLOW_EMULATOR=${program}`)
    })

    it.each(changes)(
      'does not build a source that change $# does not fit, in $file',
      async ({ file, from }) => {
        await installGo(from)
        const { status, stderr } = run('--emulator')
        expect(status).toBe(1)
        expect(stderr).toContain(`${file} is not the source that we know`)
      },
    )
  })

  it('takes the emulator of a Flow CLI, and no other program called flow', async () => {
    await install('flow', 'echo Flow, a static type checker for JavaScript')
    expect(run('--emulator').stdout).toContain('not a Flow CLI')
    await install('flow', 'echo "  --rest-port --setup-vm-bridge --scheduled-transactions"')
    expect(run('--emulator')).toEqual({
      status: 0,
      stdout: 'FLOW_EMULATOR=flow emulator',
      stderr: '',
    })
  })

  describe("of AWS's Lambda emulator", () => {
    it('builds once, and keeps the program only', async () => {
      const build = `while [ "$1" != -o ]; do shift; done; cp '${join(folder, 'bin', 'go')}' "$2"`
      await install('go', build)
      const { status, stdout } = run('--lambda')
      expect(status).toBe(0)
      const program = stdout.split('FCL_KMS_LAMBDA_EMULATOR=')[1] ?? ''
      expect(await readdir(dirname(program))).toEqual(['aws-lambda-rie'])
      expect(run('--lambda').stdout).toBe(`FCL_KMS_LAMBDA_EMULATOR=${program}`)
    })

    it.each<[string, string | undefined, RegExp]>([
      ['there is no Go', undefined, /there is no Go/],
      [
        'Go is too old',
        'echo "go: go.mod requires go >= 1.26.6"; exit 1',
        /requires go >= 1\.26\.6/,
      ],
    ])('skips it in one line when %s', async (_, go, reason) => {
      if (go !== undefined) await install('go', go)
      const { status, stdout } = run('--lambda')
      expect(status).toBe(0)
      const [line, ...more] = stdout.split('\n').filter((each) => /^SKIPPED|RIE|LAMBDA/.test(each))
      expect(more).toEqual([])
      expect(line).toMatch(/^SKIPPED AWS's Lambda emulator: /)
      expect(line).toMatch(reason)
    })
  })

  it.each([
    ['--emulator', 'FLOW_EMULATOR'],
    ['--aws', 'FCL_KMS_MINISTACK'],
    ['--lambda', 'FCL_KMS_LAMBDA_EMULATOR'],
  ] as const)('%s takes $%s as it is, but refuses what is no program', async (part, name) => {
    await install('given', '')
    expect(run(part, { [name]: 'given --flag' }).stdout).toBe(`${name}=given --flag`)
    const { status, stderr } = run(part, { [name]: 'missing' })
    expect(status).toBe(1)
    expect(stderr).toContain(`${name} names missing`)
  })
})
