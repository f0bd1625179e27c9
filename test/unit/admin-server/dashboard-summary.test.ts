import { summarise } from '../../../examples/admin-server/dashboard/state/summary.ts'
import type { ContentItem } from '../../../examples/admin-server/dashboard/types.ts'

const requestId = `rq_${'0'.repeat(32)}`
const ours = '0x179b6b1cb6755e31'
const foreign = '0xe03daebed8ca0615'
const elsewhere = '0x0ae53cb6e3f42a79'
const image = 'https://drop.example/1.png'

type Change = {
  readonly recipients?: readonly string[]
  readonly lines?: Readonly<Record<string, string>>
  readonly warnings?: readonly string[]
}

/** Items that differ by their names alone, but for the changes. */
const itemsOf = (count: number, changes: Readonly<Record<number, Change>> = {}): ContentItem[] =>
  Array.from({ length: count }, (_, index) => {
    const { recipients = [ours], lines = {}, warnings = [] } = changes[index] ?? {}
    const id = `${requestId}-${index}`
    const all = {
      'Request id': id,
      Recipient: recipients[0] ?? '',
      Name: `Ticket ${index}`,
      Description: 'Admits one',
      Thumbnail: image,
      ...lines,
    }
    return {
      index,
      title: `Mint "${all.Name}"`,
      recipients,
      lines: [
        ...warnings.map((value) => ({ label: 'Warning', value })),
        ...Object.entries(all).map(([label, value]) => ({ label, value })),
      ],
      arguments: Object.values(all).map((value) => ({ type: 'String', value })),
    }
  })
const flaggedIn = (items: readonly ContentItem[]) =>
  summarise(requestId, items).flagged.map(({ index, findings }) => [
    index,
    findings.map(({ kind }) => kind),
  ])

describe('recipients', () => {
  it.each([
    [999, 1],
    [980, 20],
    [190, 9],
    [20, 1],
  ])('%d items for one, and %d for another, which stands out and comes first', (many, few) => {
    const changes = Object.fromEntries(
      Array.from({ length: few }, (_, n) => [n * 3, { recipients: [foreign] }]),
    )
    const { recipients, counts, flagged } = summarise(requestId, itemsOf(many + few, changes))
    expect(recipients).toEqual([
      { address: foreign, items: few, shares: 0, standsOut: true },
      { address: ours, items: many, shares: 0, standsOut: false },
    ])
    expect(counts.recipient).toBe(few)
    expect(flagged.slice(0, few).map(({ index }) => index)).toEqual(
      Object.keys(changes).map(Number),
    )
  })

  it('who receives far more than the others stands out too', () => {
    const each = (index: number) => `0x${String(index).padStart(16, '0')}`
    const changes = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [n, { recipients: [n < 60 ? foreign : each(n)] }]),
    )
    const { recipients } = summarise(requestId, itemsOf(1_000, changes))
    expect(recipients[0]).toEqual({ address: foreign, items: 60, shares: 0, standsOut: true })
    expect(recipients.filter(({ standsOut }) => standsOut)).toHaveLength(1)
  })

  it('who receives another number than each of many others stands out', () => {
    const each = (index: number) => `0x${String(index % 100).padStart(16, '0')}`
    const changes = Object.fromEntries(
      Array.from({ length: 1_001 }, (_, n) => [n, { recipients: [n < 1 ? foreign : each(n)] }]),
    )
    const { recipients } = summarise(requestId, itemsOf(1_001, changes))
    expect(recipients).toHaveLength(101)
    expect(recipients[0]).toMatchObject({ address: foreign, items: 1, standsOut: true })
    expect(recipients.filter(({ standsOut }) => standsOut)).toHaveLength(1)
  })

  it('who has a share in one item, such as a royalty, stands out', () => {
    const changes = { 7: { recipients: [ours, foreign], lines: { 'Royalty to x': '0.5' } } }
    const { recipients } = summarise(requestId, itemsOf(100, changes))
    expect(recipients[0]).toEqual({ address: foreign, items: 0, shares: 1, standsOut: true })
    expect(flaggedIn(itemsOf(100, changes))).toEqual([[7, ['recipient', 'value']]])
  })

  it('who has a share of each item and receives one of them stands out there alone', () => {
    const changes = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [
        n,
        { recipients: n === 600 ? [foreign] : [ours, foreign] },
      ]),
    )
    const items = itemsOf(1_000, changes)
    expect(summarise(requestId, items).recipients).toEqual([
      { address: foreign, items: 1, shares: 999, standsOut: true },
      { address: ours, items: 999, shares: 0, standsOut: false },
    ])
    expect(flaggedIn(items)).toEqual([[600, ['recipient']]])
  })

  it('who has a share of one item, where somebody else has one of all others, stands out there alone', () => {
    const changes = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [
        n,
        { recipients: [ours, n === 3 ? elsewhere : foreign] },
      ]),
    )
    expect(flaggedIn(itemsOf(1_000, changes))).toEqual([[3, ['recipient']]])
  })

  it('each of many strangers who receive one item stands out', () => {
    const changes = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        n,
        { recipients: [`0x${String(n).padStart(16, '0')}`] },
      ]),
    )
    expect(summarise(requestId, itemsOf(1_000, changes)).counts.recipient).toBe(40)
  })

  it.each([
    ['everybody receives one', (n: number) => `0x${String(n).padStart(16, '0')}`],
    ['two receive half each', (n: number) => (n % 2 === 0 ? ours : foreign)],
    [
      'half of them are for one, and half for many',
      (n: number) => (n % 2 === 0 ? ours : `0x${String(n).padStart(16, '0')}`),
    ],
  ])('nobody stands out where %s', (_, recipientOf) => {
    const changes = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, n) => [n, { recipients: [recipientOf(n)] }]),
    )
    expect(summarise(requestId, itemsOf(1_000, changes)).counts.recipient).toBe(0)
  })

  it('nobody stands out among a few items, all of which are read', () => {
    expect(flaggedIn(itemsOf(9, { 3: { recipients: [foreign] } }))).toEqual([])
  })
})

describe('values', () => {
  it('are told as the same in all, of most, or different', () => {
    const { fields } = summarise(requestId, itemsOf(50, { 9: { lines: { Description: 'Other' } } }))
    const named = new Map(fields.map(({ label, ...field }) => [label, field]))
    expect(named.get('Thumbnail')).toEqual({
      ...{ items: 50, values: 1, common: { value: image, items: 50 } },
    })
    expect(named.get('Name')).toEqual({ items: 50, values: 50 })
    expect(named.get('Description')).toMatchObject({ values: 2, common: { items: 49 } })
    expect(named.has('Request id') || named.has('Recipient')).toBe(false)
  })
  it.each([
    ['another value than all others', { lines: { Description: 'Admits two' } }],
    ['a line that others do not have', { lines: { 'Trait "vip"': 'yes' } }],
  ])('an item with %s is flagged', (_, change) => {
    expect(flaggedIn(itemsOf(1_000, { 500: change }))).toEqual([[500, ['value']]])
  })
  it('an item whose picture lies elsewhere is flagged, where each has a picture of its own', () => {
    const changes = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [
        n,
        { lines: { Thumbnail: `https://${n === 42 ? 'evil' : 'drop'}.example/${n}.png` } },
      ]),
    )
    expect(flaggedIn(itemsOf(100, changes))).toEqual([[42, ['value']]])
  })
  it('a name that looks like the id of its item is a name', () => {
    const { fields } = summarise(
      requestId,
      itemsOf(20, { 5: { lines: { Name: `${requestId}-5` } } }),
    )
    expect(fields.find(({ label }) => label === 'Name')).toMatchObject({ items: 20, values: 20 })
  })
})

it('flags what is there twice, but for the id', () => {
  const name = { lines: { Name: 'The same' } }
  const { flagged, counts } = summarise(requestId, itemsOf(12, { 2: name, 7: name, 9: name }))
  expect(counts.duplicate).toBe(2)
  expect(flagged.map(({ index }) => index)).toEqual([7, 9])
  expect(flagged[0]?.findings).toEqual([{ kind: 'duplicate', text: 'The same as item 3' }])
})

it('puts warnings first, each with its text', () => {
  const { flagged, counts } = summarise(
    requestId,
    itemsOf(100, {
      3: { recipients: [foreign] },
      90: { warnings: ['the name holds U+202E'], recipients: [foreign] },
    }),
  )
  expect(flagged.map(({ index }) => index)).toEqual([90, 3])
  expect(flagged[0]?.findings[0]).toEqual({ kind: 'warning', text: 'the name holds U+202E' })
  expect(counts).toMatchObject({ warning: 1, recipient: 2 })
})
