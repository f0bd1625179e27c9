/** What an approver should know of many items before reading any: who receives, what stands out. Pure. @module */

import { formatNumber, plural } from '../text.ts'
import type { ContentItem } from '../types.ts'
import { type Field, farFromUsual, fieldsOf, linesOf, unusualLabels, WARNING } from './usual.ts'

/** Why an item is to be looked at. */
export type Finding = {
  readonly kind: 'warning' | 'recipient' | 'value' | 'duplicate'
  readonly text: string
}

/** An item to be looked at. */
export type Flagged = { readonly index: number; readonly findings: readonly Finding[] }

/** One address, and how many items it receives. */
export type Recipient = {
  readonly address: string
  readonly items: number
  /** In so many others it has a share, such as royalties. */
  readonly shares: number
  /** It receives far less or far more than the others do. */
  readonly standsOut: boolean
}

/** See `summarise`. */
export type Summary = {
  readonly count: number
  /** Those that stand out first, then those that receive most. */
  readonly recipients: readonly Recipient[]
  readonly fields: readonly Field[]
  /** Warnings first, then recipients, values and duplicates; within that in their order. */
  readonly flagged: readonly Flagged[]
  /** Items with a finding of each kind. */
  readonly counts: Readonly<Record<Finding['kind'], number>>
}

/** In the place of an address. */
const NOBODY = ''
const kinds = ['warning', 'recipient', 'value', 'duplicate'] as const

/** @param items - All of the request, in their order. */
export function summarise(requestId: string, items: readonly ContentItem[]): Summary {
  const found = new Map<number, Finding[]>()
  const flag = (index: number, kind: Finding['kind'], text: string) => {
    const before = found.get(index)
    if (before === undefined) found.set(index, [{ kind, text }])
    else before.push({ kind, text })
  }
  for (const { index, lines } of items)
    for (const { label, value } of lines) if (label === WARNING) flag(index, 'warning', value)
  const { recipients, far } = recipientsOf(items)
  const sentences = new Map(recipients.map((one) => [one.address, sentenceOf(one)]))
  for (const { index, recipients: all } of items)
    for (const address of new Set(all.filter((one, place) => far[kindAt(place)].has(one))))
      flag(index, 'recipient', sentences.get(address) ?? '')
  const spread = items.map((item) => ({ index: item.index, lines: linesOf(requestId, item) }))
  const fields = fieldsOf(spread)
  for (const [index, label] of unusualLabels(spread, fields))
    flag(index, 'value', `${label}: not as in the other items`)
  for (const [index, first] of duplicatesOf(requestId, items))
    flag(index, 'duplicate', `The same as item ${formatNumber(first + 1)}`)
  const rank = ({ findings }: Flagged) =>
    Math.min(...findings.map(({ kind }) => kinds.indexOf(kind)))
  const flagged = [...found].map(([index, findings]) => ({ index, findings }))
  const of = (kind: Finding['kind']) =>
    flagged.filter(({ findings }) => findings.some((one) => one.kind === kind)).length
  return {
    count: items.length,
    recipients,
    fields,
    flagged: flagged.sort((a, b) => rank(a) - rank(b) || a.index - b.index),
    counts: {
      ...{ warning: of('warning'), recipient: of('recipient') },
      ...{ value: of('value'), duplicate: of('duplicate') },
    },
  }
}

const sentenceOf = ({ address, items, shares }: Recipient): string =>
  `${address} receives ${plural(items, 'item')}${shares > 0 ? ` and a share of ${formatNumber(shares)}` : ''}, far from what is usual here`

/** The first of an item receives it; the others have shares of it. */
const kindAt = (place: number): 'items' | 'shares' => (place === 0 ? 'items' : 'shares')

/**
 * Items and shares are compared each for themselves: who has a share of every item and receives one
 * item is a stranger among those who receive items. Items without a share are counted as one that
 * has them, so that a share is unusual where most have none.
 */
function recipientsOf(items: readonly ContentItem[]) {
  const counts = { items: new Map<string, number>(), shares: new Map<string, number>() }
  const add = (kind: keyof typeof counts, name: string) =>
    counts[kind].set(name, (counts[kind].get(name) ?? 0) + 1)
  for (const { recipients } of items) {
    for (const [place, address] of recipients.entries()) add(kindAt(place), address)
    if (recipients.length < 2) add('shares', NOBODY)
  }
  const far = {
    items: farFromUsual(counts.items, items.length),
    shares: farFromUsual(counts.shares, items.length),
  }
  const addresses = new Set([...counts.items.keys(), ...counts.shares.keys()])
  addresses.delete(NOBODY)
  const recipients = [...addresses]
    .map((address) => ({
      address,
      items: counts.items.get(address) ?? 0,
      shares: counts.shares.get(address) ?? 0,
      standsOut: far.items.has(address) || far.shares.has(address),
    }))
    .sort(
      (a, b) =>
        Number(b.standsOut) - Number(a.standsOut) ||
        b.items - a.items ||
        b.shares - a.shares ||
        (a.address < b.address ? -1 : 1),
    )
  return { recipients, far }
}

/** Items that are an earlier one again, by all arguments but their own id. */
function duplicatesOf(
  requestId: string,
  items: readonly ContentItem[],
): readonly (readonly [number, number])[] {
  const first = new Map<string, number>()
  return items.flatMap(({ index, arguments: values }) => {
    const own = `${requestId}-${index}`
    const text = JSON.stringify(values, (_, one) => (one === own ? '' : one))
    const before = first.get(text)
    if (before === undefined) first.set(text, index)
    return before === undefined ? [] : [[index, before] as const]
  })
}
