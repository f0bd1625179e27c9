import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

type WithLock = <T>(
  name: string,
  work: () => Promise<T>,
  options: { folder: string; waitMs?: number; say: (line: string) => void },
) => Promise<T>
const path = new URL('../../../tools/lib/lock.mjs', import.meta.url).href
const { withLock } = (await import(path)) as { withLock: WithLock } // its JSDoc says so

describe('withLock', () => {
  let folder = ''
  const lines: string[] = []
  const say = (line: string) => lines.push(line)
  beforeEach(async () => {
    lines.length = 0
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-lock-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('lets one work at a time, and leaves nothing', async () => {
    let inside = 0
    const seen: number[] = []
    const work = async () => {
      inside += 1
      seen.push(inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
    }
    await Promise.all([1, 2, 3].map(() => withLock('thing', work, { folder, say })))
    expect(seen).toEqual([1, 1, 1])
    expect(await readdir(folder)).toEqual([])
  })

  it('gives the lock back when the work fails', async () => {
    const failure = new Error('no')
    await expect(withLock('thing', () => Promise.reject(failure), { folder, say })).rejects.toBe(
      failure,
    )
    expect(await withLock('thing', async () => 'done', { folder, say })).toBe('done')
  })

  it('takes the lock of a process that is gone', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    await writeFile(join(folder, 'thing.lock'), `${hostname()} ${pid}`)
    expect(await withLock('thing', async () => 'done', { folder, say, waitMs: 5_000 })).toBe('done')
  })

  it('takes a lock that nobody has renewed for two minutes', async () => {
    const lock = join(folder, 'thing.lock')
    await writeFile(lock, 'another-machine 1')
    const past = new Date(Date.now() - 121_000)
    await utimes(lock, past, past)
    expect(await withLock('thing', async () => 'done', { folder, say, waitMs: 5_000 })).toBe('done')
  })

  it.each([
    ['a running process', `${hostname()} ${process.pid}`],
    ['another machine', 'another-machine 1'],
  ])('waits for %s, and names the file when it waits too long', async (_, holder) => {
    await writeFile(join(folder, 'thing.lock'), holder)
    const done = withLock('thing', async () => 'done', { folder, say, waitMs: 300 })
    await expect(done).rejects.toThrow(/thing\.lock/)
    expect(lines).toEqual(['Waiting for another process that prepares thing: 0.0 s'])
    expect(await readdir(folder)).toEqual(['thing.lock'])
  })
})
