/** What is usual among many items, and what is not. Pure. @module */

import type { ContentItem } from '../types.ts'

/** One label of the items' lines, and how its values are spread. */
export type Field = {
  readonly label: string
  /** How many items have it. */
  readonly items: number
  /** Different values among them. */
  readonly values: number
  /** The most frequent value, when more than one item has it or there is but one. */
  readonly common?: { readonly value: string; readonly items: number }
}

/** The label of what the server itself warns of. */
export const WARNING = 'Warning'
/** With fewer items nothing is usual. */
const FEWEST = 10
/** So many times less or more than usual stands out. */
const FAR = 20
/** What more than a tenth of the items do does not stand out. */
const MOST_SHARE = 0.1

/**
 * Names whose count is far from what is usual: what is usual is what the item in the middle sees.
 *
 * @param items - Of how many the counts are.
 */
export function farFromUsual(
  counts: ReadonlyMap<string, number>,
  items: number,
): ReadonlySet<string> {
  if (items < FEWEST) return new Set()
  const usual = usualCount([...counts.values()])
  const same = countedAlike([...counts.values()])
  // Each for itself: those that are right by one must not hide those that are wrong by the other.
  const differences = [
    (count: number) => count * FAR <= usual || count >= usual * FAR,
    (count: number) => same !== undefined && count !== same,
  ]
  return new Set(
    differences.flatMap((isFar) => {
      const far = [...counts].filter(([, count]) => isFar(count))
      const reached = far.reduce((sum, [, count]) => sum + count, 0)
      return reached <= items * MOST_SHARE ? far.map(([name]) => name) : []
    }),
  )
}

/** The count of the name that the item in the middle has. */
function usualCount(counts: readonly number[]): number {
  const ascending = [...counts].sort((a, b) => a - b)
  const total = ascending.reduce((sum, count) => sum + count, 0)
  let seen = 0
  const usual = ascending.find((count) => {
    seen += count
    return seen * 2 >= total
  })
  return usual ?? 0
}

/** The count that nearly all of many names have: ten for each but one is told. */
function countedAlike(counts: readonly number[]): number | undefined {
  const times = new Map<number, number>()
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1)
  const [same] = [...times].find(([, names]) => names >= counts.length * (1 - MOST_SHARE)) ?? []
  return counts.length >= FEWEST ? same : undefined
}

/** What can be alike: warnings and recipients are told apart, and the item's own id is of no other. */
export function linesOf(
  requestId: string,
  { index, lines, recipients: [recipient] }: ContentItem,
): ContentItem['lines'] {
  const apart: Readonly<Record<string, string | undefined>> = {
    'Request id': `${requestId}-${index}`,
    Recipient: recipient,
  }
  return lines.filter(
    ({ label, value }) =>
      label !== WARNING && !(Object.hasOwn(apart, label) && apart[label] === value),
  )
}

/** An item with the lines that are compared. */
type Spread = Pick<ContentItem, 'index' | 'lines'>

/** How the values of each label are spread, the most frequent labels first. */
export function fieldsOf(items: readonly Spread[]): readonly Field[] {
  const labels = new Map<string, Map<string, number>>()
  for (const item of items)
    for (const { label, value } of item.lines) {
      const values = labels.get(label) ?? new Map<string, number>()
      labels.set(label, values.set(value, (values.get(value) ?? 0) + 1))
    }
  return [...labels]
    .map(([label, values]) => {
      const [value = '', most = 0] = [...values].reduce((a, b) => (b[1] > a[1] ? b : a))
      const count = [...values.values()].reduce((sum, one) => sum + one, 0)
      const common = values.size === 1 || most > 1 ? { common: { value, items: most } } : {}
      return { label, items: count, values: values.size, ...common }
    })
    .sort((a, b) => b.items - a.items)
}

/** Items that have another value, or a label, where nearly all have one. */
export function unusualLabels(
  items: readonly Spread[],
  fields: readonly Field[],
): readonly (readonly [index: number, label: string])[] {
  if (items.length < FEWEST) return []
  const isNearlyAll = (count: number) => count < items.length && count >= items.length * 0.9
  const usual = new Map(
    fields.flatMap(({ label, common }) =>
      common !== undefined && isNearlyAll(common.items) ? [[label, common.value]] : [],
    ),
  )
  const rare = new Set(
    fields.flatMap(({ label, items: count }) => (isNearlyAll(items.length - count) ? [label] : [])),
  )
  const origins = usualOrigins(items)
  return items.flatMap(({ index, lines: own }) => {
    const labels = new Set<string>()
    for (const [label, value] of usual)
      if (own.every((line) => line.label !== label || line.value !== value)) labels.add(label)
    for (const { label, value } of own) {
      const origin = origins.get(label)
      const isElsewhere = origin !== undefined && originOf(value) !== origin
      if (rare.has(label) || isElsewhere) labels.add(label)
    }
    return [...labels].map((label) => [index, label] as const)
  })
}

/** Addresses of the web that differ in each item mostly lie at one place. */
function usualOrigins(items: readonly Spread[]): ReadonlyMap<string, string> {
  const labels = new Map<string, Map<string, number>>()
  for (const item of items)
    for (const { label, value } of item.lines) {
      const origin = originOf(value)
      if (origin === undefined) continue
      const counts = labels.get(label) ?? new Map<string, number>()
      labels.set(label, counts.set(origin, (counts.get(origin) ?? 0) + 1))
    }
  return new Map(
    [...labels].flatMap(([label, counts]) => {
      const [origin = '', most = 0] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))
      return most >= items.length * 0.9 ? [[label, origin]] : []
    }),
  )
}

const originOf = (value: string): string | undefined =>
  /^(?:https?|ipfs):\/\/[^/?#]*/i.exec(value)?.[0]?.toLowerCase()
