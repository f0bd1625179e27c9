/** The table "Who can do what" of docs/aws.md against the questions that the simulator answers. */
import { readFileSync } from 'node:fs'
import { readMarkdown } from '../../support/markdown.ts'
import { matrix } from './oracle/matrix.ts'
import { callers } from './oracle/who/callers.ts'
import { enclaves } from './oracle/who/enclaves.ts'
import { everybody } from './oracle/who/everybody.ts'
import { servers } from './oracle/who/servers.ts'
import { services } from './oracle/who/services.ts'
import { signing } from './oracle/who/signing.ts'

const page = readFileSync(new URL('../../../docs/aws.md', import.meta.url), 'utf8')
const [, section = ''] = page.split('\n## Who can do what\n')
const [, ...table] = readMarkdown(section.split('\n## ')[0] ?? '').rows

const rows = [...signing, ...callers, ...servers, ...enclaves, ...services, ...everybody]
const phrasesOf = (cell = '') => cell.split('; ')

const phrases = rows.flatMap(({ who, may, mayNot }) => [
  ...Object.entries(may).map(([phrase, proof]) => [who, 'may', phrase, proof] as const),
  ...Object.entries(mayNot).map(([phrase, proof]) => [who, 'may not', phrase, proof] as const),
])

describe('the table of who can do what', () => {
  it('says nothing that is not asked, and leaves out nothing', () => {
    expect(table.map(([who, may, mayNot]) => [who, phrasesOf(may), phrasesOf(mayNot)])).toEqual(
      rows.map(({ who, may, mayNot }) => [who, Object.keys(may), Object.keys(mayNot)]),
    )
  })

  it.each(phrases)('is right that %s %s %s', (_, kind, __, proof) => {
    expect(Object.values(proof).flat()).not.toEqual([])
    for (const [name, questions] of Object.entries(proof))
      for (const question of questions) {
        expect(question.allowed).toBe(kind === 'may')
        // Which policy-oracle.test.ts asks.
        expect(matrix[name]).toContainEqual(question)
      }
  })
})
