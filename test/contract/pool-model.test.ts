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
    await fc.assert(
      fc.asyncProperty(
        fc.array(poolSteps, { minLength: atOnce, maxLength: atOnce }),
        async (scenarios) => {
          const runs = scenarios.map(async (steps) => runPoolModel(await createStore(), steps))
          expect((await Promise.all(runs)).flat()).toEqual([])
        },
      ),
      { numRuns: 1_000, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false },
    )
  },
  120_000,
)
