/** Every policy of this package, judged by a simulator of IAM that is not ours. */
import type { KindOfPolicy } from '../../support/template-policies.ts'
import { documents } from './oracle/documents.ts'
import { isLike } from './oracle/like.ts'
import { matrix, matrixElsewhere } from './oracle/matrix.ts'
import { mutantsOf } from './oracle/mutants.ts'
import type { Question } from './oracle/question.ts'
import { answerOf } from './oracle/simulator.ts'
import { surplusOf } from './oracle/surplus.ts'

const named = (name: string): KindOfPolicy => {
  const found = documents.get(name)
  if (found === undefined) throw new Error(`There is no policy ${name}`)
  return found
}

const everywhere = { ...matrix, ...matrixElsewhere }

describe('the questions about policies', () => {
  it('are about every policy of every stack in every form, and about no other', () => {
    expect(Object.keys(everywhere).sort()).toEqual([...documents.keys()].sort())
  })

  it('are at least 60', () => {
    const texts = Object.values(matrix).flatMap((asked) => asked.map((one) => JSON.stringify(one)))
    expect(new Set(texts).size).toBeGreaterThanOrEqual(60)
  })
})

describe('an independent simulator of IAM', () => {
  it.each(Object.entries(everywhere))('answers as expected about %s', async (name, questions) => {
    const answers: Question[] = []
    for (const one of questions) answers.push({ ...one, allowed: await answerOf(named(name), one) })
    expect(answers).toEqual(questions)
  })
})

/** The same text in several variants is tried once. */
const distinct = [
  ...new Map(
    Object.keys(matrix).map((name) => [JSON.stringify(named(name)), name] as const),
  ).values(),
]

describe('over all actions that AWS has', () => {
  // A service control policy only denies.
  it.each(distinct.filter((name) => named(name).kind !== 'control'))(
    'nobody may do more than the questions say, by %s',
    async (name) => {
      expect(await surplusOf(named(name), matrix[name] ?? [])).toEqual([])
    },
  )
})

describe('each statement, condition and entry of a list', () => {
  it.each(distinct)('changes an answer when it is left out or wider: %s', async (name) => {
    const given = named(name)
    const silent: string[] = []
    for (const { what, statement, policy: mutant } of mutantsOf(given)) {
      // No other question can have another answer.
      const about = (matrix[name] ?? []).filter(({ action }) => isAbout(statement, action))
      if (!(await changes({ ...given, policy: mutant }, about))) silent.push(what)
    }
    expect(silent).toEqual([])
  })
})

const isAbout = (statement: KindOfPolicy['policy']['Statement'][number], action: string) =>
  [statement['Action']].flat().some((pattern) => isLike(action, String(pattern)))

async function changes(mutant: KindOfPolicy, questions: readonly Question[]): Promise<boolean> {
  for (const one of questions) if ((await answerOf(mutant, one)) !== one.allowed) return true
  return false
}
