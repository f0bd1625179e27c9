import type { Audit, AuditHead } from '../../../../examples/admin-server/src/audit/audit.ts'
import type { Database, Session } from '../../../../examples/admin-server/src/database/database.ts'
import { COUNT, forge, forgeries, type Manipulation, manipulations, set } from './manipulations.ts'
import { appendAll, entryOf, openMemory, openTrail, tampered } from './trail.ts'

let database: Database
let audit: Audit
let anchors: readonly AuditHead[]
beforeAll(async () => {
  database = await openMemory()
  audit = await openTrail(database)
  const entries = Array.from({ length: COUNT }, (_, i) => entryOf(i + 1))
  await appendAll({ database, audit }, entries.slice(0, 400))
  const early = await audit.head()
  await appendAll({ database, audit }, entries.slice(400))
  anchors = [early, await audit.head()]
})
afterAll(() => database?.close())

const verified = (
  tamper: (session: Session) => Promise<unknown>,
  known: readonly AuditHead[] = [],
) => tampered(database, tamper, (trail) => trail.verify({ anchors: known }))

it('the untouched chain verifies, with its anchors and without', async () => {
  const intact = { intact: true, verified: COUNT, head: anchors[1] }
  expect(await audit.verify()).toEqual(intact)
  expect(await audit.verify({ anchors })).toEqual(intact)
  expect(await verified(async () => undefined, anchors)).toEqual(intact)
})

it.each(manipulations)('finds %s, at %i: %s', async (_, sequence, reason, tamper) => {
  const { intact, broken, verified: right } = await verified(tamper)
  expect({ intact, ...broken }).toEqual({ intact: false, sequence, reason })
  expect(right).toBeLessThanOrEqual(COUNT)
})

it.each(forgeries)(
  'only an anchor finds %s with all hashes made to fit',
  async (_, sequence, reason, tamper) => {
    expect(await verified(tamper)).toMatchObject({ intact: true })
    expect(await verified(tamper, anchors)).toMatchObject({
      intact: false,
      broken: { sequence, reason },
    })
  },
)

it('finds an anchor that is not of this chain beside one that is', async () => {
  const other = { sequence: 400, hash: 'f'.repeat(64) }
  const broken = { sequence: 400, reason: 'anchor differs' }
  expect(await audit.verify({ anchors: [...anchors, other] })).toMatchObject({ broken })
})

describe('after a record that is known', () => {
  const known = () => anchors[0] as AuditHead // made before all tests

  it('reads the rest only', async () => {
    expect(await audit.verify({ after: known() })).toMatchObject({ intact: true, verified: 200 })
    const end = await audit.head()
    expect(await audit.verify({ after: end })).toMatchObject({ intact: true, verified: 0 })
  })

  it.each<Manipulation>([
    [
      'a record that does not follow',
      401,
      'previous hash differs',
      forge(5, set(`body = replace(body, '"n":5', '"n":6')`, 5)),
    ],
    [
      'fewer records than there were',
      351,
      'records end before an anchor',
      forge(
        1,
        'DELETE FROM audit WHERE sequence > 350',
        'DELETE FROM audit_requests WHERE sequence > 350',
      ),
    ],
    [
      'another record in its place',
      400,
      'head differs',
      forge(
        5,
        'DELETE FROM audit WHERE sequence > 400',
        'DELETE FROM audit_requests WHERE sequence > 400',
        set(`body = replace(body, '"n":5', '"n":6')`, 5),
      ),
    ],
  ])('finds %s', async (_, sequence, reason, tamper) => {
    const found = await tampered(database, tamper, (trail) => trail.verify({ after: known() }))
    expect(found).toMatchObject({ intact: false, broken: { sequence, reason } })
  })
})
