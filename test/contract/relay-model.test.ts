import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import { createMemoryStore, createSqlStore, type RelayStore } from '../../src/stores/index.ts'
import { runModel, scenarios } from '../support/relay-model.ts'

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

const places: readonly Place[] = [
  { name: 'memory', createStore: async () => createMemoryStore(), atOnce: 12, numRuns: 4 },
  {
    name: 'PGlite',
    createStore: () => createSqlStore(database, { schema: `model_${schemas++}` }),
    atOnce: 4,
    numRuns: 3,
  },
]

it.each(places)(
  'whatever happens, on a store in $name each accepted job is executed once',
  async ({ createStore, atOnce, numRuns }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(scenarios, { minLength: atOnce, maxLength: atOnce }),
        async (together) => {
          const runs = together.map(async (scenario) => {
            return runModel(await createStore(), scenario)
          })
          expect((await Promise.all(runs)).flat()).toEqual([])
        },
      ),
      { numRuns },
    )
  },
  1_200_000, // of which an idle machine needs a fortieth
)
