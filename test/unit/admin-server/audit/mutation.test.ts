import fc from 'fast-check'
import type { AuditEntry } from '../../../../examples/admin-server/src/audit/audit.ts'
import { createAudit } from '../../../../examples/admin-server/src/audit/chain.ts'
import { exportAudit, verifyExport } from '../../../../examples/admin-server/src/audit/export.ts'
import type { Database, Session } from '../../../../examples/admin-server/src/database/database.ts'
import { collect, openMemory, openTrail, tampered } from './trail.ts'

let database: Database
beforeAll(async () => {
  database = await openMemory()
  await openTrail(database)
})
afterAll(() => database?.close())

const word = fc.string({ unit: 'grapheme', maxLength: 20 })
const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), word)
const facts = fc.dictionary(
  word,
  fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }), fc.dictionary(word, scalar, { maxKeys: 3 })),
  { maxKeys: 5 },
)
const name = fc.stringMatching(/^[!-~]{1,30}$/)
const entry: fc.Arbitrary<AuditEntry> = fc.record({
  kind: fc.constantFrom('request', 'approval', 'decision', 'signature', 'outcome'),
  actor: name,
  requestIds: fc.uniqueArray(name, { maxLength: 4 }),
  facts,
})
const entries = fc.array(entry, { minLength: 2, maxLength: 12 })

/** One change of one thing. Numbers are taken modulo what is there. */
const mutation = fc.oneof(
  fc.record({
    what: fc.constantFrom('kind', 'actor', 'body', 'previous_hash', 'hash'),
    row: fc.nat(),
    place: fc.nat(),
    letter: fc.constantFrom(...'0123456789abcdef{}[]":, \\'),
  }),
  fc.record({
    what: fc.constantFrom('at_ms', 'sequence'),
    row: fc.nat(),
    by: fc.integer({ min: 1, max: 10 ** 9 }),
  }),
  fc.record({ what: fc.constant('removal'), row: fc.nat() }),
  fc.record({ what: fc.constant('swap'), row: fc.nat(), other: fc.nat() }),
)
type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never

const letters = (text: string, place: number, letter: string): string => {
  const at = place % text.length
  const other = text[at] === letter ? (letter === '0' ? '1' : '0') : letter
  return text.slice(0, at) + other + text.slice(at + 1)
}

/** @returns The sequence where it must be found. */
async function mutate(session: Session, count: number, change: Mutation): Promise<number> {
  const row = (change.row % count) + 1
  if ('letter' in change) {
    const { what, place, letter } = change
    const [found] = await session.query<{ text: string }>(
      `SELECT ${what} AS text FROM audit WHERE sequence = $1`,
      [row],
    )
    const text = letters(found?.text ?? '', place, letter)
    await session.query(`UPDATE audit SET ${what} = $2 WHERE sequence = $1`, [row, text])
  } else if ('by' in change) {
    const by = change.what === 'sequence' ? change.by + count : change.by
    await session.query(
      `UPDATE audit SET ${change.what} = ${change.what} + $2 WHERE sequence = $1`,
      [row, by],
    )
  } else if ('other' in change) {
    const other = (change.other % (count - 1)) + 1
    const second = other < row ? other : other + 1
    for (const [from, to] of [
      [row, 99_999],
      [second, row],
      [99_999, second],
    ])
      await session.query('UPDATE audit SET sequence = $2 WHERE sequence = $1', [from, to])
    return Math.min(row, second)
  } else {
    await session.query('DELETE FROM audit WHERE sequence = $1', [row])
  }
  return row
}

it('finds any one change of any chain, where it is', async () => {
  await fc.assert(
    fc.asyncProperty(entries, mutation, async (all, change) => {
      let place = 0
      const { before, after } = await tampered(
        database,
        (session) => createAudit(session).append(session, all),
        async (trail, session) => {
          const before = await trail.verify()
          place = await mutate(session, all.length, change)
          return { before, after: await trail.verify() }
        },
      )
      expect(before).toMatchObject({ intact: true, verified: all.length })
      expect(after).toMatchObject({
        intact: false,
        verified: place - 1,
        broken: { sequence: place },
      })
    }),
    { numRuns: 300, interruptAfterTimeLimit: 30_000, markInterruptAsFailure: false },
  )
})

it('reads back any chain as it was appended, and exports it so that any changed letter is found', async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.nat(), fc.nat(), async (all, row, place) => {
      const { records, lines } = await tampered(
        database,
        (session) => createAudit(session).append(session, all),
        async (trail) => ({
          records: await trail.list({ limit: 100 }),
          lines: await collect(exportAudit(trail)),
        }),
      )
      expect(records).toMatchObject(all.map((one) => JSON.parse(JSON.stringify(one))))
      expect(await verifyExport(lines)).toMatchObject({ intact: true, verified: all.length })
      const changed = lines.map((line, i) =>
        i === row % lines.length ? `${letters(line.trimEnd(), place, 'a')}\n` : line,
      )
      expect(await verifyExport(changed)).toMatchObject({ intact: false })
    }),
    { numRuns: 100, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
  )
})
