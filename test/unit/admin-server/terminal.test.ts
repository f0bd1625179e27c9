import { AdminError } from '../../../examples/admin-server/src/errors.ts'
import { failureLines } from '../../../examples/admin-server/src/terminal.ts'

const attack = 'a\u001b[31m\u009b2J\n\u202eb'
const escaped = String.raw`a\u{1b}[31m\u{9b}2J\u{a}\u{202e}b`
const mistake = { id: 'x', path: '/a', problem: attack, remedy: 'r' }

describe('a terminal obeys nothing', () => {
  it.each<[string, unknown, string]>([
    ['of the error of a stranger', new Error(attack), escaped],
    [
      'of the facts of ours',
      new AdminError('INTERNAL', { text: '\u009b2J\u202e' }),
      String.raw`{"text":"\u{9b}2J\u{202e}"}`,
    ],
    [
      'of a mistake in a configuration',
      new AdminError('CONFIGURATION_INVALID', { file: 'f', mistakes: [mistake], warnings: [] }),
      escaped,
    ],
  ])('%s', (_, thrown, expected) => {
    const text = failureLines(thrown).join(' ')
    expect(text).toContain(expected)
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})
