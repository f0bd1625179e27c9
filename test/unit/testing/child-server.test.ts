import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ChildServerOptions,
  freePorts,
  startChildServer,
} from '../../../src/testing/child-server.ts'
import { startAws } from '../../../src/testing/start-aws.ts'
import { startEmulator } from '../../../src/testing/start-emulator.ts'

/** Bodies of small servers; each gets its port as its argument. */
const programs = {
  answers: `require('http').createServer((_, r) => r.end('ok')).listen(+process.argv[1], '127.0.0.1')`,
  refusesToEnd: `process.on('SIGTERM', () => {})
    require('http').createServer((_, r) => r.end('ok')).listen(+process.argv[1], '127.0.0.1')`,
  answersBadly: `require('http').createServer((_, r) => { r.statusCode = 503; r.end() })
    .listen(+process.argv[1], '127.0.0.1')`,
  ends: `console.error('bind: address already in use'); process.exitCode = 3`,
}

async function start(program: keyof typeof programs, more: Partial<ChildServerOptions> = {}) {
  const [port] = await freePorts(1)
  return startChildServer({
    name: 'The server',
    command: process.execPath,
    remedy: 'install it.',
    flags: ['-e', programs[program], String(port)],
    env: process.env,
    readyUrl: `http://127.0.0.1:${port}/`,
    deadlineMs: 10_000,
    ...more,
  })
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('startChildServer', () => {
  it('resolves when the server answers, and its process is gone after stop', async () => {
    const server = await start('answers')
    expect(isAlive(server.pid)).toBe(true)
    await server.stop()
    await server.stop()
    expect(isAlive(server.pid)).toBe(false)
  })

  it('kills a server that ignores SIGTERM, and then removes its folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-child-'))
    const server = await start('refusesToEnd', { graceMs: 100, folder })
    await server.stop()
    expect(isAlive(server.pid)).toBe(false)
    expect(existsSync(folder)).toBe(false)
  })

  it('says in one sentence what to do when the command is missing, and removes the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-child-'))
    const options = { command: 'no-such-program --flag', folder }
    await expect(start('answers', options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'command', reason: expect.stringMatching(/^no-such-program .*ENOENT/) },
    })
    expect(existsSync(folder)).toBe(false)
  })

  it('shows the log of a server that ends early', async () => {
    const failure =
      /^The server ended early \(exit code 3\)\. It said:\nbind: address already in use$/
    await expect(start('ends')).rejects.toThrow(failure)
  })

  /** A shell speaks at once, so the deadline can be short. */
  const hangs = {
    command: '/bin/sh',
    flags: ['-c', "printf '\\033[31mthinking\\033[0m about abc123'; exec sleep 60"],
  }

  it('shows the log of a server that does not answer by the deadline, without colours and secrets', async () => {
    const options = { ...hangs, deadlineMs: 2_000, secrets: ['abc123'] }
    const failure =
      /^The server was not ready within 2000 ms\. It said:\nthinking about \(secret\)$/
    await expect(start('answers', options)).rejects.toThrow(failure)
  })

  it('does not take an error status for an answer', async () => {
    const failure = /^The server was not ready within 500 ms/
    await expect(start('answersBadly', { deadlineMs: 500 })).rejects.toThrow(failure)
  })

  it('gives up with the reason of the signal', async () => {
    const reason = new Error('not any more')
    const signal = AbortSignal.abort(reason)
    await expect(start('answers', { ...hangs, signal })).rejects.toBe(reason)
  })

  it('takes a path with spaces as a whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fcl kms '))
    try {
      const command = join(folder, 'a server')
      await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 })
      await using server = await start('answers', { command })
      expect(isAlive(server.pid)).toBe(true)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('freePorts', () => {
  it('gives different ports on which a server can listen', async () => {
    const ports = await freePorts(8)
    expect(new Set(ports).size).toBe(8)
    for (const port of ports) {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe.each([
  ['startEmulator', startEmulator],
  ['startAws', startAws],
] as const)('%s', (_, start) => {
  const refusal = (option: string) =>
    expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })

  it('refuses an option that does not exist', async () => {
    const options = { deadlineMS: 1 } as object // misspelt on purpose; every option is optional
    await expect(start(options)).rejects.toEqual(refusal('deadlineMS'))
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses a deadline of %d ms', async (deadlineMs) => {
    await expect(start({ deadlineMs })).rejects.toEqual(refusal('deadlineMs'))
  })

  it('refuses a command that cannot be run', async () => {
    const failure = refusal('command')
    await expect(start({ command: 'no-such-program' })).rejects.toEqual(failure)
  })
})

describe('startEmulator', () => {
  it('refuses a service key that is not 64 hex digits, and does not repeat it', async () => {
    const servicePrivateKey = `0x${'1'.repeat(64)}`
    const failure: unknown = await startEmulator({ servicePrivateKey }).catch((error) => error)
    expect(failure).toMatchObject({ code: 'INVALID_OPTION' })
    expect(String(failure)).not.toContain(servicePrivateKey)
  })

  it.each([
    ['blockTimeMs', -1],
    ['blockTimeMs', 0.5],
    ['transactionExpiry', 0],
  ])('refuses %s %d', async (option, value) => {
    await expect(startEmulator({ [option]: value })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })
})
