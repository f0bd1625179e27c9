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
  const recipients = recipientsOf(items)
  const foreign = new Map(
    recipients.flatMap((one) => (one.standsOut ? [[one.address, sentenceOf(one)]] : [])),
  )
  for (const { index, recipients: all } of items)
    for (const address of all) {
      const text = foreign.get(address)
      if (text !== undefined) flag(index, 'recipient', text)
    }
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

function recipientsOf(items: readonly ContentItem[]): readonly Recipient[] {
  const all = new Map<string, { items: number; shares: number }>()
  for (const { recipients } of items)
    for (const [place, address] of recipients.entries()) {
      const counted = all.get(address) ?? { items: 0, shares: 0 }
      if (place === 0) counted.items += 1
      else counted.shares += 1
      all.set(address, counted)
    }
  const far = farFromUsual(
    new Map([...all].map(([address, one]) => [address, one.items + one.shares])),
    items.length,
  )
  return [...all]
    .map(([address, counted]) => ({ address, ...counted, standsOut: far.has(address) }))
    .sort(
      (a, b) =>
        Number(b.standsOut) - Number(a.standsOut) ||
        b.items - a.items ||
        b.shares - a.shares ||
        (a.address < b.address ? -1 : 1),
    )
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
