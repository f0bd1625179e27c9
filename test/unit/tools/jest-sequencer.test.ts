import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Test = { path: string; duration?: number; context: object }
type Sequencer = { time(test: Test): number | undefined; sort(tests: Test[]): Test[] }
const path = new URL('../../../tools/jest-sequencer.cjs', import.meta.url).href
const { default: JestSequencer } = (await import(path)) as {
  default: { new (): Sequencer; long: readonly string[] } // as in its JSDoc
}
const { long } = JestSequencer
const rootDir = fileURLToPath(new URL('../../..', import.meta.url))

const short = 'unit/tools/jest-sequencer.test.ts'

/** The short one is the largest. `cache: false`: what Jest knows of earlier runs is out of sight. */
function testsOf(names: readonly string[]): Test[] {
  const hasteFS = { getSize: (file: string) => (file.endsWith(short) ? 2 : 1) }
  const context = { config: { rootDir, cache: false }, hasteFS }
  return names.map((name) => ({ path: join(rootDir, 'test', name), context }))
}
const namesOf = (tests: readonly Test[]) =>
  tests.map((test) => test.path.slice(join(rootDir, 'test/').length))

it('names test files that are there, each once', () => {
  expect(long.filter((name) => !existsSync(join(rootDir, 'test', name)))).toEqual([])
  expect(new Set(long).size).toBe(long.length)
})

it('puts those first where no durations are known, in their order', () => {
  const sorted = new JestSequencer().sort(testsOf([short, ...[...long].reverse()]))
  expect(namesOf(sorted)).toEqual([...long, short])
})

it('leaves the order to Jest where durations are known: the longest first', () => {
  const [first = '', second = '', third = ''] = long
  class Knowing extends JestSequencer {
    override time({ path }: Test) {
      return path.endsWith(first) ? 1 : path.endsWith(second) ? 2 : 3
    }
  }
  const sorted = new Knowing().sort(testsOf([first, second, third]))
  expect(namesOf(sorted)).toEqual([third, second, first])
})
