/** One item of what will be signed, in plain words and in full. @module */

import type { JSX } from 'preact'
import type { Finding } from '../state/summary.ts'
import { formatNumber, plural } from '../text.ts'
import type { ContentItem } from '../types.ts'
import { ForeignText, ForeignValue } from '../ui/foreign-text.tsx'
import { memo } from './memo.ts'

type Props = {
  readonly item: ContentItem
  /** Shows its lines; else its title alone, which opens them. */
  readonly unfolded: boolean
  /** Shows the arguments as well. */
  readonly open: boolean
  /** Why it is to be looked at. */
  readonly findings?: readonly Finding[]
}

/** Drawn once, however often the request changes. */
export const ItemCard = memo(({ item, unfolded, open, findings }: Props): JSX.Element => {
  const title = (
    <>
      <span class="item-index">{formatNumber(item.index + 1)}</span>{' '}
      <ForeignText text={item.title} />
    </>
  )
  return (
    <li class={unfolded ? 'item' : 'item folded'}>
      {findings && <Findings findings={findings} />}
      {unfolded ? (
        <>
          <h3>{title}</h3>
          <Body item={item} open={open} />
        </>
      ) : (
        <details open={open}>
          <summary>{title}</summary>
          <Body item={item} open={open} />
        </details>
      )}
    </li>
  )
})

const Findings = ({ findings }: { readonly findings: readonly Finding[] }): JSX.Element => (
  <ul class="findings">
    {findings.map(({ kind, text }) => (
      <li key={`${kind} ${text}`} class={toneOf[kind]}>
        <ForeignText text={text} />
      </li>
    ))}
  </ul>
)

/** What may be an attack, and what may be meant. */
export const toneOf: Readonly<Record<Finding['kind'], 'bad' | 'attention'>> = {
  ...{ warning: 'bad', recipient: 'bad' },
  ...{ value: 'attention', duplicate: 'attention' },
}

const Body = ({
  item,
  open,
}: {
  readonly item: ContentItem
  readonly open: boolean
}): JSX.Element => (
  <>
    <dl>
      {item.lines.map(({ label, value }, index) => (
        <div key={index} class={label === 'Warning' ? 'bad-text' : undefined}>
          <dt>
            <ForeignText text={label} />
          </dt>
          <dd>
            <ForeignValue text={value} />
          </dd>
        </div>
      ))}
    </dl>
    <details open={open}>
      <summary>{plural(item.arguments.length, 'argument')} as JSON-Cadence</summary>
      <pre>
        <ForeignText
          text={item.arguments.map((value) => JSON.stringify(value, null, 2)).join('\n')}
        />
      </pre>
    </details>
  </>
)
