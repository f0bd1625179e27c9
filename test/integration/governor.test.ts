/** One rate for several governors on one store, as several processes have it. @module */
import { PGlite } from '@electric-sql/pglite'
import { createSigningGovernor } from '../../src/index.ts'
import { createMemoryStore, createSqlStore, type RelayStore } from '../../src/stores/index.ts'

let database: PGlite
beforeAll(async () => {
  database = await PGlite.create()
})
afterAll(() => database?.close())

const stores: readonly (readonly [string, () => Promise<Pick<RelayStore, 'reserveTurns'>>])[] = [
  ['the memory store', async () => createMemoryStore()],
  ['the SQL store', () => createSqlStore(database)],
]
const name = 'aws-kms us-east-1 000000000000'

describe.each(stores)('governors on %s', (_, open) => {
  it('keep one rate together, and ask seldom', async () => {
    const { reserveTurns } = await open()
    let asked = 0
    const reserve: typeof reserveTurns = (request) => {
      asked += 1
      return reserveTurns(request)
    }
    const governors = [0, 1, 2].map(() => createSigningGovernor({ ratePerSecond: 300, reserve }))
    const starts: number[] = []
    const task = async () => void starts.push(performance.now())
    const runs = Array.from({ length: 601 }, (_each, index) =>
      governors[index % governors.length]?.run(name, task),
    )
    await Promise.all(runs)
    const tookMs = Math.max(...starts) - Math.min(...starts)
    expect(tookMs).toBeGreaterThan(2_000 * 0.98)
    expect(tookMs).toBeLessThan(2_000 * 1.5) // a busy machine may be late
    expect(asked).toBeLessThan(601 / 5)
  })
})
