import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Audit, AuditHead } from '../../../../examples/admin-server/src/audit/audit.ts'
import { exportAudit, verifyExport } from '../../../../examples/admin-server/src/audit/export.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { appendAll, collect, entryOf, openMemory, openTrail, rehash, tampered } from './trail.ts'

/** More than two pages. */
const COUNT = 600

let database: Database
let audit: Audit
let head: AuditHead
let lines: readonly string[]
beforeAll(async () => {
  database = await openMemory()
  audit = await openTrail(database)
  await appendAll(
    { database, audit },
    Array.from({ length: COUNT }, (_, i) => entryOf(i + 1)),
  )
  head = await audit.head()
  lines = await collect(exportAudit(audit))
})
afterAll(() => database?.close())

const lineOf = (value: unknown) => `${JSON.stringify(value)}\n`

it('writes each record on a line, and the head on the last', async () => {
  expect(lines).toHaveLength(COUNT + 1)
  const [first] = await audit.list({ limit: 1 })
  expect(JSON.parse(lines[0] ?? '')).toEqual(first)
  expect(lines.at(-1)).toBe(`{"head":{"hash":"${head.hash}","sequence":${COUNT}}}\n`)
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true)
})

it('is verified from a file alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'audit-export-'))
  try {
    const file = join(folder, 'audit.jsonl')
    await writeFile(file, exportAudit(audit))
    const read = createInterface({ input: createReadStream(file) })
    expect(await verifyExport(read, { anchors: [head] })).toEqual({
      intact: true,
      verified: COUNT,
      head,
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('of an empty trail is a head and verifies', async () => {
  const empty = { list: async () => [], head: async () => ({ sequence: 0, hash: '0'.repeat(64) }) }
  expect(await verifyExport(exportAudit(empty))).toMatchObject({ intact: true, verified: 0 })
})

it('stops by its signal', async () => {
  const reason = new Error('enough')
  const options = { signal: AbortSignal.abort(reason) }
  await expect(collect(exportAudit(audit, options))).rejects.toBe(reason)
  await expect(verifyExport(lines, options)).rejects.toBe(reason)
})

it('of a trail whose tail was cut off says so', async () => {
  const found = await tampered(
    database,
    (session) => session.query('DELETE FROM audit WHERE sequence > 590'),
    (trail) => verifyExport(exportAudit(trail)),
  )
  expect(found.broken).toEqual({ sequence: 591, reason: 'records end before the head' })
})

it('that was rewritten as a whole is found by an anchor only', async () => {
  const found = await tampered(
    database,
    async (session) => {
      await session.query(
        `UPDATE audit SET body = replace(body, '"n":5', '"n":6') WHERE sequence = 5`,
      )
      await rehash(session, 5)
    },
    (trail) => collect(exportAudit(trail)),
  )
  expect(await verifyExport(found)).toMatchObject({ intact: true })
  const broken = { sequence: COUNT, reason: 'anchor differs' }
  expect(await verifyExport(found, { anchors: [head] })).toMatchObject({ broken })
})

describe('finds', () => {
  const at = (n: number) => JSON.parse(lines[n - 1] ?? '') as Record<string, unknown> // a record
  const replaced = (n: number, ...by: readonly string[]) => [
    ...lines.slice(0, n - 1),
    ...by,
    ...lines.slice(n),
  ]
  const sorted = (value: Record<string, unknown>) =>
    lineOf(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))

  it.each<[string, number, string, () => readonly string[]]>([
    ['a line that is missing', 9, 'record missing', () => replaced(9)],
    ['the first line missing', 1, 'record missing', () => lines.slice(1)],
    ['a line twice', 9, 'record doubled', () => replaced(9, lines[8] ?? '', lines[8] ?? '')],
    ['another actor', 9, 'hash differs', () => replaced(9, sorted({ ...at(9), actor: 'mallory' }))],
    ['another time', 9, 'hash differs', () => replaced(9, sorted({ ...at(9), at: 1 }))],
    ['other ids', 9, 'hash differs', () => replaced(9, sorted({ ...at(9), requestIds: [] }))],
    ['a hash', 9, 'hash differs', () => replaced(9, sorted({ ...at(9), hash: 'f'.repeat(64) }))],
    [
      'a previous hash',
      9,
      'previous hash differs',
      () => replaced(9, sorted({ ...at(9), previousHash: 'f'.repeat(64) })),
    ],
    ['a member more', 9, 'line not a record', () => replaced(9, sorted({ ...at(9), more: 1 }))],
    [
      'a member less',
      9,
      'line not a record',
      () => replaced(9, sorted({ ...at(9), at: undefined })),
    ],
    ['no JSON', 9, 'line not a record', () => replaced(9, 'x\n')],
    ['null', 9, 'line not a record', () => replaced(9, 'null\n')],
    ['spaces', 9, 'line not a record', () => replaced(9, ` ${lines[8]}`)],
    ['no head', COUNT, 'head missing', () => lines.slice(0, -1)],
    [
      'the tail cut off',
      591,
      'records end before the head',
      () => [...lines.slice(0, 590), lines.at(-1) ?? ''],
    ],
    [
      'a head in the middle',
      10,
      'line not a record',
      () => replaced(9, lines[8] ?? '', lines.at(-1) ?? ''),
    ],
    ['two heads', COUNT + 1, 'line not a record', () => [...lines, lines.at(-1) ?? '']],
    [
      'another head',
      COUNT,
      'head differs',
      () => replaced(COUNT + 1, lineOf({ head: { hash: 'f'.repeat(64), sequence: COUNT } })),
    ],
    [
      'a head that is none',
      COUNT + 1,
      'line not a record',
      () => replaced(COUNT + 1, lineOf({ head: 1 })),
    ],
    ['nothing at all', 0, 'head missing', () => []],
  ])('%s', async (_, sequence, reason, changed) => {
    const found = await verifyExport(changed())
    expect({ intact: found.intact, ...found.broken }).toEqual({ intact: false, sequence, reason })
  })
})
