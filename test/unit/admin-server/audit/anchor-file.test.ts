import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import {
  type AnchorParts,
  createAnchor,
} from '../../../../examples/admin-server/src/audit/anchor.ts'
import type { Audit } from '../../../../examples/admin-server/src/audit/audit.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { appendAll, disarm, entryOf, openMemory, openTrail, rehash } from './trail.ts'

let database: Database
let audit: Audit
let folder: string
let file: string
beforeAll(async () => {
  database = await openMemory()
})
beforeEach(async () => {
  audit = await openTrail(database)
  folder = await mkdtemp(join(tmpdir(), 'audit-anchor-'))
  file = join(folder, 'anchors.jsonl')
})
afterEach(() => rm(folder, { recursive: true }))
afterAll(() => database?.close())

const append = (count: number) =>
  appendAll(
    { database, audit },
    Array.from({ length: count }, (_, i) => entryOf(i + 1)),
  )
const anchorOf = (parts: Partial<AnchorParts> = {}, everyMinutes = 60) =>
  createAnchor({ file, everyMinutes }, { audit, database, ...parts })
const linesOf = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1)
const broken = (facts: object) => ({ code: 'AUDIT_BROKEN', facts })

/** As Promise.withResolvers, which Node.js 20 does not have. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Edits record 2 and makes all hashes fit: the chain verifies. */
async function rewrite(): Promise<void> {
  await database.transaction(async (session) => {
    await disarm(session)
    await session.query(
      `UPDATE audit SET body = replace(body, '"n":2', '"n":3') WHERE sequence = 2`,
    )
    await rehash(session, 2)
  })
  expect(await audit.verify()).toMatchObject({ intact: true })
}

it('makes the folder of its file when it starts, as the shipped configurations need it', async () => {
  await append(3)
  file = join(folder, 'anchors', 'of this server', 'heads.jsonl')
  const { promise, resolve } = deferred<unknown>()
  const anchor = anchorOf({ onAnchor: resolve, onError: resolve })
  anchor.start()
  expect(await promise).toMatchObject({ sequence: 3 })
  await anchor.stop()
  expect(await linesOf()).toHaveLength(1)
  expect((await stat(join(folder, 'anchors'))).mode & 0o777).toBe(0o700)
})

it('writes the head on a line, and a record of it', async () => {
  await append(3)
  const head = await audit.head()
  expect(await anchorOf().anchorNow()).toEqual(head)
  expect((await linesOf()).map((line) => JSON.parse(line))).toEqual([
    { ...head, at: expect.any(Number) },
  ])
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await audit.list({ limit: 9, kind: 'anchor' })).toMatchObject([
    { sequence: 4, actor: 'server', requestIds: [], facts: { ...head, place: 'file' } },
  ])
})

it('does nothing for an empty trail', async () => {
  expect(await anchorOf().anchorNow()).toBeUndefined()
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
})

it('does nothing while nothing but anchors was recorded, be they of another process', async () => {
  await append(3)
  const [one, other] = [anchorOf(), anchorOf()]
  expect(await one.anchorNow()).toMatchObject({ sequence: 3 })
  expect(await one.anchorNow()).toBeUndefined()
  expect(await other.anchorNow()).toMatchObject({ sequence: 4 })
  expect(await one.anchorNow()).toBeUndefined()
  expect(await other.anchorNow()).toBeUndefined()
  await append(1)
  expect(await one.anchorNow()).toMatchObject({ sequence: 6 })
  expect(await linesOf()).toHaveLength(3)
  expect(await audit.verify({ anchors: await other.read() })).toMatchObject({ intact: true })
})

it('runs once for those who call at the same time', async () => {
  await append(3)
  const anchor = anchorOf()
  const [one, other] = await Promise.all([anchor.anchorNow(), anchor.anchorNow()])
  expect(one).toEqual(other)
  expect(await linesOf()).toHaveLength(1)
})

it.each(['that made the anchor', 'that was started later'])(
  'a wholly rewritten chain is refused by the process %s, and found by its anchors',
  async (which) => {
    await append(3)
    const first = anchorOf()
    await first.anchorNow()
    await rewrite()
    const before = await linesOf()
    const anchor = which === 'that made the anchor' ? first : anchorOf()
    await expect(anchor.anchorNow()).rejects.toMatchObject({ code: 'AUDIT_BROKEN' })
    expect(await linesOf()).toEqual(before)
    const found = await audit.verify({ anchors: await anchor.read() })
    expect(found.broken).toEqual({ sequence: 3, reason: 'anchor differs' })
  },
)

it('is not deceived by an anchor of a rewritten chain that somebody has put beside its own', async () => {
  await append(3)
  const anchor = anchorOf()
  await anchor.anchorNow()
  await rewrite()
  await append(1)
  await appendFile(file, `${JSON.stringify({ at: 0, ...(await audit.head()) })}\n`)
  await append(1)
  await expect(anchor.anchorNow()).rejects.toMatchObject({ code: 'AUDIT_BROKEN' })
})

it('refuses when an earlier line disagrees, though the last one agrees', async () => {
  await append(3)
  await anchorOf().anchorNow()
  await append(1)
  await anchorOf().anchorNow()
  const [first = '', last] = await linesOf()
  const hash = 'f'.repeat(64)
  await writeFile(file, `${JSON.stringify({ ...JSON.parse(first), hash })}\n${last}\n`)
  await append(1)
  const refusal = broken({ sequence: 3, reason: 'anchor differs' })
  await expect(anchorOf().anchorNow()).rejects.toMatchObject(refusal)
  expect(await linesOf()).toHaveLength(2)
})

it('refuses a database that ends before its anchors, as one restored from a backup does', async () => {
  await append(3)
  await anchorOf().anchorNow()
  audit = await openTrail(database)
  await append(2)
  const refusal = broken({ sequence: 3, reason: 'record missing' })
  await expect(anchorOf().anchorNow()).rejects.toMatchObject(refusal)
})

it('does not anchor a chain that does not verify since the last anchor', async () => {
  await append(3)
  const anchor = anchorOf()
  await anchor.anchorNow()
  await append(3)
  await database.transaction(async (session) => {
    await disarm(session)
    await session.query(`UPDATE audit SET actor = 'mallory' WHERE sequence = 6`)
  })
  const refusal = broken({ sequence: 6, reason: 'actor differs from body' })
  await expect(anchor.anchorNow()).rejects.toMatchObject(refusal)
  expect(await linesOf()).toHaveLength(1)
})

it.each([
  ['no JSON', 'x\n'],
  ['a hash that is none', `{"at":1,"hash":"f","sequence":1}\n`],
  ['no sequence', `{"at":1,"hash":"${'f'.repeat(64)}"}\n`],
  ['a line without end', 'x'.repeat(2_000)],
  ['nothing', '\n'],
])('refuses a file with a line of %s', async (_, line) => {
  await append(3)
  await anchorOf().anchorNow()
  await appendFile(file, line)
  await append(1)
  const refusal = broken({ reason: 'line not an anchor', line: 2 })
  await expect(anchorOf().anchorNow()).rejects.toMatchObject(refusal)
  await expect(anchorOf().read()).rejects.toMatchObject(refusal)
})

it('takes off a line that a power cut has torn', async () => {
  await append(3)
  await anchorOf().anchorNow()
  await append(1)
  const [line = ''] = await linesOf()
  await appendFile(file, line.slice(0, 40))
  expect(await anchorOf().read()).toHaveLength(1)
  expect(await anchorOf().anchorNow()).toMatchObject({ sequence: 5 })
  expect((await linesOf()).map((text) => JSON.parse(text).sequence)).toEqual([3, 5])
})

it('records no anchor that could not be written', async () => {
  await append(3)
  file = join(folder, 'missing', 'anchors.jsonl')
  const refusal = { code: 'ANCHOR_FAILED', facts: { part: 'anchor', cause: 'ENOENT' } }
  await expect(anchorOf().anchorNow()).rejects.toMatchObject(refusal)
  expect(await audit.head()).toMatchObject({ sequence: 3 })
})

describe('the timer', () => {
  it('anchors at once, then again, and not after it was stopped', async () => {
    await append(1)
    const seen: number[] = []
    const twice = deferred<void>()
    const anchor = anchorOf(
      {
        onAnchor: ({ sequence }) => {
          seen.push(sequence)
          if (seen.length === 2) twice.resolve()
          else void append(1)
        },
      },
      0.000_5,
    )
    anchor.start()
    anchor.start()
    await twice.promise
    await anchor.stop()
    expect(seen).toEqual([1, 3])
    await append(1)
    const lines = await linesOf()
    expect(await anchor.read()).toHaveLength(lines.length)
    expect(lines).toHaveLength(2)
  })

  it('tells of a failure and tries again', async () => {
    await append(3)
    await writeFile(file, 'x\n')
    const anchored = deferred<number>()
    const errors: unknown[] = []
    const anchor = anchorOf(
      {
        onError: (thrown) => {
          errors.push(thrown)
          void rm(file, { force: true })
        },
        onAnchor: ({ sequence }) => anchored.resolve(sequence),
      },
      0.000_5,
    )
    anchor.start()
    expect(await anchored.promise).toBe(3)
    await anchor.stop()
    expect(errors[0]).toMatchObject({ code: 'AUDIT_BROKEN' })
  })

  it('ends the run that is under way when it is stopped: no error, and no run after it', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] })
    try {
      const entered = deferred<void>()
      const long: Audit['verify'] = ({ signal } = {}) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          entered.resolve()
        })
      const errors: unknown[] = []
      const parts = { audit: { ...audit, verify: long }, onError: (e: unknown) => errors.push(e) }
      const anchor = anchorOf(parts)
      anchor.start()
      jest.advanceTimersByTime(0)
      await entered.promise
      await anchor.stop()
      await new Promise(setImmediate) // whatever follows the end of a run has had its turn
      expect(errors).toEqual([])
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      jest.useRealTimers()
    }
  })
})

it('asks for S3 where a bucket is configured', () => {
  const config = { bucket: 'b', prefix: '', retainDays: 1, everyMinutes: 1 }
  expect(() => createAnchor(config, { audit, database })).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
  )
})
