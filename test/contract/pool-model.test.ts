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
  /** A number and no time, so that a busy machine does not run fewer. */
  readonly numRuns: number
}

/** A failure is told with the shortest scenario that was found by then, in milliseconds. */
const SHRINKS_UNTIL_MS = 300_000

const places: readonly Place[] = [
  { name: 'memory', createStore: async () => createMemoryStore(), atOnce: 12, numRuns: 5 },
  {
    name: 'PGlite',
    createStore: () => createSqlStore(database, { schema: `pools_${schemas++}` }),
    atOnce: 4,
    numRuns: 5,
  },
]

it.each(places)(
  'whatever happens, on a store in $name no number is lent twice and no key is lost',
  async ({ createStore, atOnce, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(poolSteps, { minLength: atOnce, maxLength: atOnce }),
        async (scenarios) => {
          const all = scenarios.map(async (steps) => runPoolModel(await createStore(), steps))
          expect((await Promise.all(all)).flat()).toEqual([])
        },
      ),
      { numRuns, interruptAfterTimeLimit: SHRINKS_UNTIL_MS },
    )
  },
  600_000,
)
