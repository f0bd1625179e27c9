import { readFileSync } from 'node:fs'
import { watchDescription, watchSections } from '../../../src/aws/stacks/watch-sections.ts'

const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
/** As GitHub makes them. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
const parts = new Map(
  page
    .split(/^(?=##+ )/m)
    .slice(1)
    .map((part) => [anchorOf(part.split('\n')[0]?.replace(/^#+ /, '') ?? ''), part]),
)
/** Of the page, what belongs to no alarm and no rule. */
const others = [
  'ask-the-doctor',
  'alarms',
  'rules',
  'signatures-of-ours-that-cloudtrail-does-not-have',
]

describe('the page of operations', () => {
  it('has a section for each alarm and each rule, and none for any other', () => {
    const sections = [...parts.keys()].filter((anchor) => !others.includes(anchor))
    expect(sections.sort()).toEqual(Object.values(watchSections).sort())
  })

  it.each(Object.entries(watchSections))('says of %s what it means and what to do', (_, anchor) => {
    expect(parts.get(anchor)).toMatch(/\*\*Means\*\*/)
    expect(parts.get(anchor)).toMatch(/\*\*Do\.\*\*/)
  })

  it('is named by the descriptions', () => {
    expect(watchDescription('Nobody signs.', 'SignerErrors')).toBe(
      'Nobody signs. What to do: docs/operations.md#signer-errors',
    )
  })
})
