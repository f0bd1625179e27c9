import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readProblem, retryDelay } from '../../../examples/admin-server/dashboard/problem.ts'
import { hashOf, parseHash } from '../../../examples/admin-server/dashboard/state/address.ts'
import {
  addPage,
  assertComplete,
} from '../../../examples/admin-server/dashboard/state/content-pages.ts'
import { isSeenTo, seenDownTo } from '../../../examples/admin-server/dashboard/state/scrolled.ts'
import { standingOf } from '../../../examples/admin-server/dashboard/state/standing.ts'
import {
  formatDuration,
  formatRelative,
  nameOfFact,
  safeLink,
  stretches,
  timeOfRecord,
} from '../../../examples/admin-server/dashboard/text.ts'
import type { ContentPage } from '../../../examples/admin-server/dashboard/types.ts'

const item = (index: number) => ({ index, title: '', recipients: [], lines: [], arguments: [] })
const page = (indexes: readonly number[], changes: Partial<ContentPage> = {}): ContentPage => ({
  digest: 'd1',
  chainId: 'flow-emulator',
  account: '0x1',
  function: 'mint',
  title: 'Mint an NFT',
  cadence: 'transaction {}',
  cadenceHash: 'c1',
  computeLimit: null,
  items: indexes.map(item),
  next: null,
  ...changes,
})
const inconsistent = expect.objectContaining({
  problem: expect.objectContaining({ code: 'CONTENT_INCONSISTENT' }),
})

describe('what an approver reads', () => {
  it('is complete when the pages follow each other and fit the request', () => {
    const content = addPage(addPage(undefined, page([0, 1])), page([2]))
    expect(content.items.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(() => assertComplete(content, { digest: 'd1', count: 3 })).not.toThrow()
  })
  it.each([
    ['the digest changes', page([1], { digest: 'd2' })],
    ['the account changes', page([1], { account: '0x2' })],
    ['the chain changes', page([1], { chainId: 'flow-mainnet' })],
    ['the source changes', page([1], { cadence: 'transaction { }' })],
    ['the compute limit changes', page([1], { computeLimit: 9 })],
    ['an item is left out', page([2])],
    ['an item comes twice', page([0])],
  ])('is refused when %s between two pages', (_, second) => {
    const first = addPage(undefined, page([0]))
    expect(() => addPage(first, second)).toThrow(inconsistent)
  })
  it.each([
    ['the digest is not that of the request', { digest: 'd2', count: 1 }],
    ['an item is missing at the end', { digest: 'd1', count: 2 }],
  ])('is refused when %s', (_, expected) => {
    expect(() => assertComplete(addPage(undefined, page([0])), expected)).toThrow(inconsistent)
  })
})

describe('a text that somebody else wrote', () => {
  it.each([
    ['a bidirectional override', 'a\u202eb', 'U+202E'],
    ['a zero-width space', 'a\u200bb', 'U+200B'],
    ['a byte order mark', 'a\ufeffb', 'U+FEFF'],
    ['a control', 'a\u0007b', 'U+0007'],
    ['a tab', 'a\tb', 'U+0009'],
    ['a no-break space', 'a\u00a0b', 'U+00A0'],
    ['a Hangul filler', 'a\u3164b', 'U+3164'],
    ['a tag', 'a\u{e0041}b', 'U+E0041'],
    ['half a surrogate pair', 'a\ud800b', 'U+D800'],
  ])('shows %s by its number', (_, text, name) => {
    expect(stretches(text)).toEqual([
      { text: 'a', hidden: false },
      { text: name, hidden: true },
      { text: 'b', hidden: false },
    ])
  })
  it.each(['Ticket 7', 'two\nlines', 'Grüße 東京 🎟', '<img src=x onerror=alert(1)>', ''])(
    'is left as it is: %j',
    (text) => {
      expect(stretches(text).map((stretch) => stretch.text)).toEqual(text === '' ? [] : [text])
    },
  )
  it.each(['https://drop.example/1.png', 'http://drop.example/?a=b#c'])('is a link: %s', (text) => {
    expect(safeLink(text)).toBe(text)
  })
  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'https://drop.example/ javascript:alert(1)',
    'https://drop.example@evil.example/',
    'https://dröp.example/',
    'https://drop.example/\u202e',
    ' https://drop.example/',
    'https://',
    'ipfs://x',
    '//evil.example',
    '',
  ])('is no link: %j', (text) => {
    expect(safeLink(text)).toBeUndefined()
  })
})

describe('a place in the address', () => {
  it('survives the way there and back', () => {
    const hash = hashOf(['mints', 'a/b c'], { state: 'done', search: 'x&y=1', before: undefined })
    expect(parseHash(hash)).toEqual({
      path: ['mints', 'a/b c'],
      query: { state: 'done', search: 'x&y=1' },
    })
  })
  it.each(['', '#', '#/', '#//', '#/?'])('is the overview for %j', (hash) => {
    expect(parseHash(hash)).toEqual({ path: [], query: {} })
  })
  it('does not throw on what cannot be decoded', () => {
    expect(parseHash('#/%E0%A4%A').path).toEqual(['%E0%A4%A'])
  })
})

describe('a problem', () => {
  it('is read with its fields, facts and wait', () => {
    const body = {
      code: 'RATE_LIMITED',
      title: 'Rate limited',
      detail: 'Wait.',
      requestId: 'r1',
      errors: [{ in: 'body', pointer: '/items/0', detail: 'is missing' }],
      facts: { scope: 'token' },
    }
    expect(readProblem(429, body, '7', 0)).toEqual({
      status: 429,
      code: 'RATE_LIMITED',
      title: 'Rate limited',
      detail: 'Wait.',
      requestId: 'r1',
      errors: ['/items/0: is missing'],
      facts: { scope: 'token' },
      retryAfter: 7,
    })
  })
  it.each([undefined, null, 'Bad gateway', [], 7])('is made where a proxy sent %j', (body) => {
    expect(readProblem(502, body, null, 0)).toMatchObject({ status: 502, code: 'HTTP_502' })
  })
  it('reads a date as a wait', () => {
    expect(readProblem(503, {}, 'Thu, 01 Jan 1970 00:00:30 GMT', 10_000).retryAfter).toBe(20)
  })
  it.each([
    [{ status: 0 }, 5],
    [{ status: 429, retryAfter: 30 }, 30],
    [{ status: 429, retryAfter: 0 }, 1],
    [{ status: 503 }, 5],
    [{ status: 500 }, undefined],
    [{ status: 403 }, undefined],
    [{ status: 404 }, undefined],
  ])('says when to try again: %j', (problem, seconds) => {
    const rest = { code: 'X', title: '', detail: '' }
    expect(retryDelay({ ...rest, ...problem })).toBe(seconds)
  })
})

describe('figures', () => {
  it.each([
    [0, '0 ms'],
    [850, '850 ms'],
    [12_340, '12.3 s'],
    [125_000, '2 min 5 s'],
  ])('%d ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
  it.each([
    [-4_000, 'just now'],
    [3_000, 'just now'],
    [-300_000, '5 min. ago'],
    [7_200_000, 'in 2 hr.'],
    [-40 * 86_400_000, '2026-01-01'],
    [Number.NaN, 'unknown'],
  ])('a time %d ms away is written %s', (away, text) => {
    const now = Date.parse('2026-02-10T00:00:00Z')
    expect(formatRelative(now + away, now)).toBe(text)
  })
  it.each([
    [{}, '2030-01-01T00:00:00.000Z', false],
    [{ clock: 1_700_000_000_000 }, '2023-11-14T22:13:20.000Z', true],
    [{ clock: '1700000000000' }, '2030-01-01T00:00:00.000Z', false],
    [{ clock: 1e300 }, '2030-01-01T00:00:00.000Z', false],
  ])('the time of a record with %j is %s', (facts, at, corrected) => {
    const record = { at: '2030-01-01T00:00:00.000Z', facts }
    expect(timeOfRecord(record)).toEqual({ at, corrected })
  })
  it('names a fact in words', () => {
    expect(nameOfFact('kmsRequestId')).toBe('KMS request id')
  })
})

describe('the sources of the dashboard', () => {
  const folder = join('examples', 'admin-server', 'dashboard')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const sources = files.filter((name) => /\.(tsx?|html)$/.test(name))
  it.each(sources)('%s makes no markup and no code from text', (name) => {
    const source = readFileSync(join(folder, name), 'utf8')
    expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc/i)
    expect(source).not.toMatch(/\beval\(|new Function|<style|\sstyle="|\son[a-z]+="/)
  })
})

describe('an approval', () => {
  const at = (minute: number) => new Date(minute * 60_000).toISOString()
  const open = { decidedAt: null, finishedAt: null }
  it.each([
    ['counts', true, 9, open, 'counts until'],
    ['has lapsed', false, 3, open, 'counted until'],
    ['does not count for another reason than time', false, 9, open, 'does not count'],
    ['counted when it was decided', true, 9, { ...open, decidedAt: at(2) }, 'counted'],
    ['had lapsed when it ended', false, 1, { ...open, finishedAt: at(2) }, 'counted until'],
    ['did not count when it ended', false, 3, { ...open, finishedAt: at(2) }, 'did not count'],
  ])('that %s is said to do so', (_, counts, expires, request, expected) => {
    expect(standingOf({ counts, expiresAt: at(expires) }, request, 5 * 60_000)).toBe(expected)
  })
})

describe('a part of a review', () => {
  const seenBy = (...stretches: readonly (readonly [top: number, bottom: number])[]) =>
    stretches.reduce((seen, [top, bottom]) => seenDownTo(seen, { top, bottom }), 0)
  it.each([
    [
      'scrolled through',
      [
        [0, 800],
        [700, 1_500],
        [1_400, 2_000],
      ],
      true,
    ],
    ['that fits on the screen', [[0, 2_000]], true],
    ['whose end was jumped to', [[1_200, 2_000]], false],
    [
      'whose beginning and end were seen alone',
      [
        [0, 800],
        [1_200, 2_000],
      ],
      false,
    ],
    [
      'whose gap was seen later',
      [
        [0, 800],
        [1_200, 2_000],
        [500, 1_300],
        [1_200, 2_000],
      ],
      true,
    ],
    [
      'scrolled up from its end alone',
      [
        [1_200, 2_000],
        [500, 1_300],
        [0, 800],
      ],
      false,
    ],
  ] as const)('%s', (_, stretches, expected) => {
    expect(isSeenTo(2_000, seenBy(...stretches))).toBe(expected)
  })
})
