import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNitroRunner, type NitroRunnerOptions } from '../../../src/enclave/index.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-nitro-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const id = 'i-0123456789abcdef0-enc0123456789abcde'
const running = {
  ...{ EnclaveName: 'signer', EnclaveID: id, ProcessID: 4_711, EnclaveCID: 16, NumberOfCPUs: 2 },
  ...{ CPUIDs: [1, 3], MemoryMiB: 512, State: 'RUNNING', Flags: 'NONE' },
  Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: 'ab'.repeat(48) },
}
const { State: _state, Flags: _flags, ...started } = running
const ended = { EnclaveName: 'signer', EnclaveID: id, Terminated: true }

/** What the stand-in does at each command: standard output, standard error, exit. */
type Said = { readonly out?: unknown; readonly complaints?: string; readonly exit?: number }
type Script = Partial<Record<'run-enclave' | 'describe-enclaves' | 'terminate-enclave', Said[]>>

/**
 * A program in the place of nitro-cli, which is on EC2 only: it says what the test wrote down, one
 * after the other and the last one again and again, and writes down what it was asked.
 */
async function standIn(script: Script) {
  count += 1
  const base = join(folder, `n${count}`)
  for (const [command, all] of Object.entries(script))
    for (const [time, { out = '', complaints = '', exit = 0 }] of all.entries()) {
      const text = typeof out === 'string' ? out : JSON.stringify(out, null, 2)
      const parts = { out: text, err: complaints, exit: `${exit}\n` }
      for (const [name, content] of Object.entries(parts))
        await writeFile(`${base}.${command}.${time}.${name}`, content)
    }
  const lines = [
    '#!/bin/sh',
    `at=${base}.$1 n=0`,
    `echo "$*" >> ${base}.log`,
    'if [ -e $at ]; then read n < $at; fi',
    'echo $((n + 1)) > $at',
    'while [ $n -gt 0 ] && [ ! -e $at.$n.out ]; do n=$((n - 1)); done',
    'cat $at.$n.err >&2; cat $at.$n.out; read exit < $at.$n.exit; exit $exit',
  ]
  const program = `${base}.sh`
  await writeFile(program, lines.join('\n'))
  await chmod(program, 0o755)
  const asked = async (): Promise<readonly string[][]> => {
    const log = await readFile(`${base}.log`, 'utf8')
    return log
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
  }
  return { program, asked }
}

const settings = { image: '/images/signer.eif', cpuCount: 2, memoryMib: 512, cid: 16 }
const runner = (program: string, more: Partial<NitroRunnerOptions> = {}) =>
  createNitroRunner({ ...settings, program, lookMs: 10, ...more })
const { signal } = new AbortController()

describe('a runner by nitro-cli', () => {
  it('starts without debug mode, sees that it runs, and ends it', async () => {
    const nitro = await standIn({
      'describe-enclaves': [{ out: [] }, { out: [running] }],
      'run-enclave': [{ out: started, complaints: 'Start allocating memory...\n' }],
      'terminate-enclave': [{ out: ended, complaints: 'Successfully terminated enclave.\n' }],
    })
    const enclave = await runner(nitro.program).start({ signal })
    await enclave.stop()
    expect(await enclave.ended).toBe('it was terminated')
    const asked = await nitro.asked()
    const words = ['--eif-path', settings.image, '--cpu-count', '2', '--memory', '512']
    expect(asked[1]).toEqual(['run-enclave', ...words, '--enclave-cid', '16'])
    expect(asked.at(-1)).toEqual(['terminate-enclave', '--enclave-id', id])
    expect(JSON.stringify(asked)).not.toContain('debug')
  })

  it('ends what has its CID from before, and nothing else', async () => {
    const old = { ...running, EnclaveID: 'i-0123456789abcdef0-enc01' }
    const other = { ...running, EnclaveID: 'i-0123456789abcdef0-enc02', EnclaveCID: 17 }
    const nitro = await standIn({
      'describe-enclaves': [{ out: [old, other] }, { out: [other, running] }],
      'run-enclave': [{ out: started }],
      'terminate-enclave': [{ out: { ...ended, EnclaveID: old.EnclaveID } }, { out: ended }],
    })
    const enclave = await runner(nitro.program).start({ signal })
    await enclave.stop()
    const terminated = (await nitro.asked()).filter(([command]) => command === 'terminate-enclave')
    expect(terminated.map((words) => words.at(-1))).toEqual([old.EnclaveID, id])
  })

  it.each<[string, unknown]>([
    ['is gone', []],
    ['is being terminated', [{ ...running, State: 'TERMINATING' }]],
  ])('tells that it ended when it %s', async (_, then) => {
    const nitro = await standIn({
      'describe-enclaves': [{ out: [] }, { out: [running] }, { out: [running] }, { out: then }],
      'run-enclave': [{ out: started }],
    })
    const enclave = await runner(nitro.program).start({ signal })
    expect(await enclave.ended).toMatch(/does not count it among those that run/)
  })

  it('does not take one failure of nitro-cli for an end, and many for one', async () => {
    const nitro = await standIn({
      'describe-enclaves': [
        { out: [] },
        { out: [running] },
        { exit: 1 },
        { out: [running] },
        { exit: 1 },
      ],
      'run-enclave': [{ out: started }],
    })
    const enclave = await runner(nitro.program).start({ signal })
    expect(await enclave.ended).toMatch(/does not tell any more/)
    const looks = (await nitro.asked()).filter(([command]) => command === 'describe-enclaves')
    expect(looks).toHaveLength(4 + 5)
  })

  it('refuses one that runs in debug mode, and ends it', async () => {
    const nitro = await standIn({
      'describe-enclaves': [{ out: [] }, { out: [{ ...running, Flags: 'DEBUG_MODE' }] }],
      'run-enclave': [{ out: started }],
      'terminate-enclave': [{ out: ended }],
    })
    await expect(runner(nitro.program).start({ signal })).rejects.toMatchObject({
      ...{ code: 'ENCLAVE_NOT_STARTED', context: { reason: 'it runs in debug mode' } },
    })
    expect((await nitro.asked()).at(-1)?.[0]).toBe('terminate-enclave')
  })

  const message = (code: string) =>
    `Start allocating memory...\n[ ${code} ] Some words with /a/secret/path.\n\nFor more details, please visit a page`
  it.each<[string, string, RegExp, RegExp]>([
    ['the image is missing', 'E19', /cannot open the image/, /path of the image/],
    ['there are too few CPUs', 'E22', /too few CPUs/, /raise cpu_count in .*allocator.yaml/],
    ['the memory is too little for the image', 'E26', /too little for the image/, /memoryMib/],
    ['there is too little memory', 'E27', /too little memory/, /raise memory_mib/],
    ['the memory is no huge pages', 'E31', /too little memory/, /raise memory_mib/],
    ['the image is of another architecture', 'E36', /did not boot/, /architecture/],
    ['the image is none', 'E35', /did not boot, or is none/, /architecture/],
    ['the instance has no enclaves', 'E29', /does not start enclaves/, /EnclaveOptions/],
    ['the process does not answer', 'E39', /does not answer/, /terminate-enclave --all/],
    ['nobody knows why', 'E99', /it failed \(E99\)/, /by hand/],
  ])('says what to do when %s', async (_, code, reason, remedy) => {
    const nitro = await standIn({
      'describe-enclaves': [{ out: [] }],
      'run-enclave': [{ complaints: message(code), exit: 1 }],
    })
    const error = await runner(nitro.program)
      .start({ signal })
      .catch((thrown) => thrown)
    expect(error).toMatchObject({
      ...{ code: 'ENCLAVE_NOT_STARTED', disposition: 'hold' },
      context: { reason: expect.stringMatching(reason), remedy: expect.stringMatching(remedy) },
    })
    expect(error.message).not.toContain('secret')
  })

  it.each<[string, Script]>([
    ['no JSON', { 'run-enclave': [{ out: 'Started enclave' }] }],
    ['two of them', { 'run-enclave': [{ out: `${JSON.stringify(started)}{}` }] }],
    ['a key twice', { 'run-enclave': [{ out: `{"EnclaveCID":16,"EnclaveCID":16}` }] }],
    ['nothing', { 'run-enclave': [{}] }],
    ['a list', { 'run-enclave': [{ out: [started] }] }],
    ['an id that is an option', { 'run-enclave': [{ out: { ...started, EnclaveID: '--all' } }] }],
    ['another CID', { 'run-enclave': [{ out: { ...started, EnclaveCID: 17 } }] }],
    ['a description that is no list', { 'describe-enclaves': [{ out: running }] }],
    ['one without a state', { 'describe-enclaves': [{ out: [{ ...running, State: 1 }] }] }],
    ['two megabytes', { 'run-enclave': [{ out: ' '.repeat(2_000_000) }] }],
  ])('refuses what prints %s', async (_, script) => {
    const whole = { 'describe-enclaves': [{ out: [] }], 'run-enclave': [{ out: started }] }
    const nitro = await standIn({ ...whole, ...script })
    await expect(runner(nitro.program).start({ signal })).rejects.toMatchObject({
      code: 'ENCLAVE_NOT_STARTED',
      context: { reason: expect.stringMatching(/printed is not what it should be/) },
    })
  })

  it('says so when there is no nitro-cli', async () => {
    const missing = runner(join(folder, 'missing')).start({ signal })
    await expect(missing).rejects.toMatchObject({
      context: { remedy: expect.stringMatching(/install aws-nitro-enclaves-cli/) },
    })
    await writeFile(join(folder, 'plain'), '')
    const plain = runner(join(folder, 'plain')).start({ signal })
    await expect(plain).rejects.toMatchObject({
      context: { remedy: expect.stringMatching(/make it executable/) },
    })
  })

  it('ends with its signal', async () => {
    const program = join(folder, 'slow.sh')
    await writeFile(program, '#!/bin/sh\nexec sleep 60\n')
    await chmod(program, 0o755)
    const abort = new AbortController()
    const starting = runner(program).start({ signal: abort.signal })
    setTimeout(() => abort.abort(new Error('enough')), 50)
    await expect(starting).rejects.toThrow('enough')
  })

  it.each<[string, object]>([
    ['image', { image: 'signer.eif' }],
    ['image', { image: '' }],
    ['cpuCount', { cpuCount: 0 }],
    ['memoryMib', { memoryMib: 63 }],
    ['cid', { cid: 3 }],
    ['program', { program: '--help' }],
    ['program', { program: '' }],
    ['debugMode', { debugMode: true }],
  ])('refuses a wrong %s', (option, given) => {
    const wrong = () => createNitroRunner({ ...settings, ...given } as NitroRunnerOptions)
    expect(wrong).toThrow(expect.objectContaining({ context: expect.objectContaining({ option }) }))
  })
})
