/** What will be signed, in plain words and in full. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { formatNumber, plural } from '../text.ts'
import type { ContentHead, ContentItem } from '../types.ts'
import { Code } from '../ui/code.tsx'
import { Facts } from '../ui/facts.tsx'
import { ForeignText, ForeignValue } from '../ui/foreign-text.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { memo } from './memo.ts'
import type { ContentState } from './use-content.ts'

type Props = { readonly content: ContentState; readonly count: number }

/** Nothing is shortened: an approver who scrolls to the end has seen all of it. */
export function ContentView({ content: state, count }: Props): JSX.Element {
  const { content, complete, problem, retry } = state
  const loaded = content?.items.length ?? 0
  const [open, setOpen] = useState(false)
  return (
    <section class="panel content" aria-labelledby="content-title">
      <header>
        <h2 id="content-title">What will be signed</h2>
        <span class="quiet number">
          {complete
            ? plural(count, 'item')
            : `${formatNumber(loaded)} of ${plural(count, 'item')} loaded`}
        </span>
      </header>
      {!complete && !problem && (
        <progress value={loaded} max={Math.max(1, count)} aria-label="Items loaded" />
      )}
      {problem && <ProblemNotice problem={problem} onRetry={retry} />}
      {content && (
        <>
          <Head head={content.head} open={open} />
          <button type="button" aria-pressed={open} onClick={() => setOpen(!open)}>
            {open ? 'Close' : 'Open'} the source and all arguments
          </button>
          <ol class="items">
            {content.items.map((item) => (
              <ItemCard key={item.index} item={item} open={open} />
            ))}
          </ol>
        </>
      )}
    </section>
  )
}

type HeadProps = { readonly head: ContentHead; readonly open: boolean }

const Head = ({ head, open }: HeadProps): JSX.Element => (
  <>
    <Facts
      facts={[
        ['Chain', <strong>{head.chainId}</strong>],
        ['Account that signs', <Code text={head.account} label="account" />],
        ['Function', <ForeignText text={`${head.title} (${head.function})`} />],
        [
          'Compute limit',
          head.computeLimit === null
            ? 'by the items of a transaction'
            : formatNumber(head.computeLimit),
        ],
      ]}
    />
    <Facts
      wide
      facts={[
        ['Digest', <Code text={head.digest} label="digest" />],
        ['Hash of the Cadence source', <Code text={head.cadenceHash} label="Cadence hash" />],
      ]}
    />
    <details class="source" open={open}>
      <summary>Cadence source, {plural(head.cadence.split('\n').length, 'line')}</summary>
      <pre>
        <ForeignText text={head.cadence} />
      </pre>
    </details>
  </>
)

/** Drawn once, however often the request changes. */
const ItemCard = memo(
  ({ item, open }: { readonly item: ContentItem; readonly open: boolean }): JSX.Element => (
    <li class="item">
      <h3>
        <span class="item-index">{item.index + 1}</span> <ForeignText text={item.title} />
      </h3>
      <dl>
        {item.lines.map(({ label, value }, index) => (
          <div key={index}>
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
    </li>
  ),
)
