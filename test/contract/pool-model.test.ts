import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import { createMemoryStore, createSqlStore, type RelayStore } from '../../src/stores/index.ts'
import { poolSteps, runPoolModel } from '../support/pool-model.ts'

let database: PGlite
let schemas = 0

beforeAll(async () => {
  database = await PGlite.create()
})

afterAll(() => database?.close())

type Place = {
  readonly name: string
  readonly createStore: () => Promise<RelayStore>
  /** A run waits for most of its time, so many of them run beside each other. */
  readonly atOnce: number
}

/** For each store, in milliseconds. */
const RUNS_MS = 10_000

const places: readonly Place[] = [
  { name: 'memory', createStore: async () => createMemoryStore(), atOnce: 12 },
  {
    name: 'PGlite',
    createStore: () => createSqlStore(database, { schema: `pools_${schemas++}` }),
    atOnce: 4,
  },
]

it.each(places)(
  'whatever happens, on a store in $name no number is lent twice and no key is lost',
  async ({ createStore, atOnce }) => {
    // At least one run, however busy the machine is: what fast-check interrupts before counts as red.
    const end = performance.now() + RUNS_MS
    let runs = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(poolSteps, { minLength: atOnce, maxLength: atOnce }),
        async (scenarios) => {
          if (runs++ > 0 && performance.now() > end) return
          const all = scenarios.map(async (steps) => runPoolModel(await createStore(), steps))
          expect((await Promise.all(all)).flat()).toEqual([])
        },
      ),
      { numRuns: 1_000 },
    )
  },
  120_000,
)
