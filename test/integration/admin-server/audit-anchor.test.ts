import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type Anchor, createAnchor } from '../../../examples/admin-server/src/audit/anchor.ts'
import type { Audit } from '../../../examples/admin-server/src/audit/audit.ts'
import { createAudit } from '../../../examples/admin-server/src/audit/chain.ts'
import {
  type Database,
  openDatabase,
} from '../../../examples/admin-server/src/database/database.ts'
import { type Aws, startAws } from '../../../src/testing/start-aws.ts'
import { findPostgres, startPostgres } from '../../support/postgres.ts'
import {
  appendAll,
  disarm,
  entryOf,
  makeTables,
  openMemory,
  openTrail,
  rehash,
} from '../../unit/admin-server/audit/trail.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED audit-anchor with PostgreSQL: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )
const describeWithPostgres = bin === undefined ? describe.skip : describe

const entries = (count: number) => Array.from({ length: count }, (_, i) => entryOf(i + 1))

describe('an anchor in S3', () => {
  const RETAIN_DAYS = 30
  let aws: Aws
  let s3: S3Client
  let database: Database
  let audit: Audit
  let anchor: Anchor
  let prefix: string
  let prefixes = 0
  const bucket = 'anchors'

  beforeAll(async () => {
    ;[aws, database] = await Promise.all([startAws({ services: ['s3'] }), openMemory()])
    s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true })
    const made = { Bucket: bucket, ObjectLockEnabledForBucket: true }
    await s3.send(new CreateBucketCommand(made))
    await s3.send(new CreateBucketCommand({ Bucket: 'unlocked' }))
  }, 60_000)
  beforeEach(async () => {
    audit = await openTrail(database)
    prefixes += 1
    prefix = `audit/${prefixes}/`
    anchor = anchorIn(bucket)
  })
  afterAll(async () => {
    s3?.destroy()
    await Promise.all([aws?.stop(), database?.close()])
  })

  const anchorIn = (name: string, parts: { s3?: S3Client; timeoutMs?: number } = {}) =>
    createAnchor(
      { bucket: name, prefix, retainDays: RETAIN_DAYS, everyMinutes: 60 },
      { audit, database, s3, ...parts },
    )
  const append = (count: number) => appendAll({ database, audit }, entries(count))
  const keys = async () =>
    (
      (await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))).Contents ?? []
    ).map(({ Key }) => Key)
  const versions = async () =>
    (await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }))).Versions ??
    []

  it('is an object of its own, locked in COMPLIANCE mode until its time', async () => {
    await append(3)
    const head = await audit.head()
    expect(await anchor.anchorNow()).toEqual(head)
    const Key = `${prefix}0000000000000003-${head.hash}.json`
    expect(await keys()).toEqual([Key])
    const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }))
    expect(JSON.parse((await object.Body?.transformToString()) ?? '')).toMatchObject(head)
    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket: bucket, Key }))
    expect(Retention?.Mode).toBe('COMPLIANCE')
    const days = ((Retention?.RetainUntilDate?.getTime() ?? 0) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(RETAIN_DAYS - 0.01)
    expect(days).toBeLessThanOrEqual(RETAIN_DAYS)
  })

  it('cannot be removed, and is read though a delete marker hides it', async () => {
    await append(3)
    const head = await anchor.anchorNow()
    const [version] = await versions()
    const removal = { Bucket: bucket, Key: version?.Key ?? '', VersionId: version?.VersionId ?? '' }
    await expect(s3.send(new DeleteObjectCommand(removal))).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: removal.Key }))
    expect(await keys()).toEqual([])
    expect(await anchor.read()).toEqual([head])
  })

  it('is written though somebody else has put an object in its place, which has no lock', async () => {
    await append(3)
    const head = await audit.head()
    const Key = `${prefix}0000000000000003-${head.hash}.json`
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))
    expect(await anchor.anchorNow()).toEqual(head)
    expect(await versions()).toHaveLength(2)
    for (const { VersionId } of await versions())
      await s3
        .send(new DeleteObjectCommand({ Bucket: bucket, Key, ...(VersionId && { VersionId }) }))
        .catch(() => undefined)
    expect(await anchor.read()).toEqual([head])
  })

  it('is written again when there is news, and read back in order', async () => {
    await append(3)
    await anchor.anchorNow()
    expect(await anchor.anchorNow()).toBeUndefined()
    await append(2)
    expect(await anchor.anchorNow()).toMatchObject({ sequence: 6 })
    const anchors = await anchor.read()
    expect(anchors.map(({ sequence }) => sequence)).toEqual([3, 6])
    expect(await audit.verify({ anchors })).toMatchObject({ intact: true })
  })

  it('finds a chain that was rewritten as a whole', async () => {
    await append(3)
    await anchor.anchorNow()
    await database.transaction(async (session) => {
      await disarm(session)
      await session.query(
        `UPDATE audit SET body = replace(body, '"n":2', '"n":3') WHERE sequence = 2`,
      )
      await rehash(session, 2)
    })
    expect(await audit.verify()).toMatchObject({ intact: true })
    const broken = { sequence: 3, reason: 'anchor differs' }
    expect(await audit.verify({ anchors: await anchor.read() })).toMatchObject({ broken })
    const later = anchorIn(bucket)
    await expect(later.anchorNow()).rejects.toMatchObject({ code: 'AUDIT_BROKEN', facts: broken })
    expect(await keys()).toHaveLength(1)
  })

  it('is read beyond the first page of a listing, other objects left out', async () => {
    const hash = 'a'.repeat(64)
    const names = Array.from(
      { length: 1_010 },
      (_, n) => `${String(n + 1).padStart(16, '0')}-${hash}.json`,
    )
    const objects = [...names, 'notes.txt', '0000000000000001-x.json']
    for (let start = 0; start < objects.length; start += 50)
      await Promise.all(
        objects
          .slice(start, start + 50)
          .map((name) =>
            s3.send(new PutObjectCommand({ Bucket: bucket, Key: prefix + name, Body: '{}' })),
          ),
      )
    const anchors = await anchor.read()
    expect(anchors).toHaveLength(1_010)
    expect(anchors.at(-1)).toEqual({ sequence: 1_010, hash })
  }, 60_000)

  it('is refused by a bucket without Object Lock, and not recorded', async () => {
    await append(3)
    const refusal = { code: 'ANCHOR_FAILED', facts: { part: 'anchor', cause: 'InvalidRequest' } }
    await expect(anchorIn('unlocked').anchorNow()).rejects.toMatchObject(refusal)
    await expect(anchorIn('missing').anchorNow()).rejects.toMatchObject({
      code: 'ANCHOR_FAILED',
      facts: { cause: 'NoSuchBucket' },
    })
    expect(await audit.head()).toMatchObject({ sequence: 3 })
  })

  it('gives up on an endpoint that does not answer, by its timeout or when it is stopped', async () => {
    await append(3)
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo // of a server that listens on TCP
    const endpoint = `http://127.0.0.1:${port}`
    const client = new S3Client({ ...aws.clientConfig(), endpoint, forcePathStyle: true })
    try {
      const refusal = { code: 'ANCHOR_FAILED', facts: { part: 'anchor', cause: 'AbortError' } }
      const slow = anchorIn(bucket, { s3: client, timeoutMs: 200 })
      await expect(slow.anchorNow()).rejects.toMatchObject(refusal)
      const stopped = anchorIn(bucket, { s3: client, timeoutMs: 600_000 })
      const run = expect(stopped.anchorNow()).rejects.toMatchObject(refusal)
      await stopped.stop()
      await run
    } finally {
      client.destroy()
      for (const socket of sockets) socket.destroy()
      silent.close()
    }
  })
})

describeWithPostgres('on PostgreSQL', () => {
  it('two processes that append at once, some of whom fail, do not fork the chain', async () => {
    await using server = await startPostgres(bin ?? '')
    const databases = await Promise.all([1, 2].map(() => openDatabase({ url: server.url })))
    try {
      const [database] = databases as [Database, Database] // made from two
      await makeTables(database)
      const audit = createAudit(database)
      const attempts = Array.from({ length: 200 }, (_, n) =>
        (databases[n % 2] ?? database).transaction(async (session) => {
          await audit.append(session, entries((n % 7) + 1))
          if (n % 5 === 0) throw new Error('no')
        }),
      )
      const done = (await Promise.allSettled(attempts)).map(({ status }) => status === 'fulfilled')
      expect(done).toEqual(attempts.map((_, n) => n % 5 !== 0))
      const sum = attempts.reduce((all, _, n) => all + (n % 5 === 0 ? 0 : (n % 7) + 1), 0)
      expect(await audit.verify()).toMatchObject({ intact: true, verified: sum })
      await expect(database.query('DELETE FROM audit')).rejects.toMatchObject({
        code: 'DATABASE_REFUSED',
      })
      await expect(database.query('TRUNCATE audit')).rejects.toMatchObject({
        code: 'DATABASE_REFUSED',
      })
    } finally {
      await Promise.all(databases.map((database) => database.close()))
    }
  }, 60_000)
})
