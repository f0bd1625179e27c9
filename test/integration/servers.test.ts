import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
import { emulatorServicePrivateKey } from '../../src/flow/emulator.ts'
import { startAws } from '../../src/testing/start-aws.ts'
import { startEmulator } from '../../src/testing/start-emulator.ts'

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('startEmulator', () => {
  it('serves two emulators at once, each with its own blocks, and leaves no process', async () => {
    const pids: number[] = []
    {
      const [first, second] = await Promise.all([startEmulator(), startEmulator()])
      await using one = first
      await using two = second
      pids.push(one.pid, two.pid)
      expect(one.url).not.toBe(two.url)
      for (const flow of [one, two]) {
        expect(flow.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
        const reply = await fetch(`${flow.url}/v1/accounts/${flow.serviceAddress}?expand=keys`)
        const account: unknown = await reply.json()
        const key = { index: '0', weight: '1000', hashing_algorithm: 'SHA3_256' }
        expect(account).toMatchObject({ keys: [key] })
      }
      expect(pids.map(isAlive)).toEqual([true, true])
    }
    expect(pids.map(isAlive)).toEqual([false, false])
  })

  it('makes blocks by itself, and keeps the service key out of its log', async () => {
    await using flow = await startEmulator({ blockTimeMs: 50, extraFlags: ['--transaction-fees'] })
    const height = async () => {
      const reply = await fetch(`${flow.url}/v1/blocks?height=sealed`)
      const blocks: unknown = await reply.json()
      return Number((blocks as [{ header: { height: string } }])[0].header.height) // REST schema
    }
    const before = await height()
    const deadline = Date.now() + 10_000
    while ((await height()) <= before && Date.now() < deadline);
    expect(await height()).toBeGreaterThan(before)
    expect(flow.log()).toContain('Using service account')
    expect(flow.log()).not.toContain(emulatorServicePrivateKey)
  })
})

describe('startAws', () => {
  it('serves two endpoints at once that know nothing of each other, and leaves no process', async () => {
    const pids: number[] = []
    {
      const [first, second] = await Promise.all([startAws(), startAws({ services: ['kms'] })])
      await using one = first
      await using two = second
      pids.push(one.pid, two.pid)
      for (const aws of [one, two]) {
        const client = new KMSClient(aws.clientConfig())
        expect((await client.send(new ListKeysCommand({}))).Keys).toEqual([])
        client.destroy()
      }
      expect(pids.map(isAlive)).toEqual([true, true])
    }
    expect(pids.map(isAlive)).toEqual([false, false])
  })
})

describe('a child server', () => {
  it('dies with the process that started it, even when that is killed, and leaves no file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-servers-'))
    const dist = new URL('../../dist/testing/start-aws.js', import.meta.url).href
    const script = `import('${dist}').then(async ({ startAws }) => {
      const { pid } = await startAws()
      console.log(pid)
    })`
    const starter = spawn(process.execPath, ['-e', script], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(starter.stdout, 'data')
    const pid = Number(String(line))
    expect(isAlive(pid)).toBe(true)
    starter.kill('SIGKILL')
    const isLeft = async () => isAlive(pid) || (await readdir(folder)).length > 0
    const deadline = Date.now() + 10_000
    while ((await isLeft()) && Date.now() < deadline) await sleep(20)
    expect(isAlive(pid)).toBe(false)
    expect(await readdir(folder)).toEqual([])
    await rm(folder, { recursive: true })
  })
})
