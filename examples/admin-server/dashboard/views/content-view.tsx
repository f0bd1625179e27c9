/** What will be signed, in plain words and in full. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { formatNumber, plural } from '../text.ts'
import type { ContentHead } from '../types.ts'
import { Code } from '../ui/code.tsx'
import { Facts } from '../ui/facts.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Pages } from '../ui/pages.tsx'
import { EndMark, SeenCheck } from '../ui/seen.tsx'
import { ItemCard } from './item-card.tsx'
import type { ContentState } from './use-content.ts'

type Props = {
  readonly content: ContentState
  readonly count: number
  readonly seen: boolean
  readonly onSeen: (seen: boolean) => void
}

/** So many are shown with all their lines, on one page. */
const fewItems = 25
/** Of more than that the titles, so many on a page. */
const pageSize = 50

/** Nothing is shortened. Of many items a person sees titles, and opens what they want to read. */
export function ContentView({ content: state, count, seen, onSeen }: Props): JSX.Element {
  const { content, complete, problem, retry } = state
  const loaded = content?.items.length ?? 0
  const [open, setOpen] = useState(false)
  return (
    <section class="panel content" aria-labelledby="items-title">
      <header>
        <h2 id="items-title" tabIndex={-1}>
          What will be signed
        </h2>
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
          <Pages name="items" rows={content.items} size={pageSize}>
            {(rows) => (
              <ol class="items">
                {rows.map((item) => (
                  <ItemCard key={item.index} item={item} unfolded={count <= fewItems} open={open} />
                ))}
              </ol>
            )}
          </Pages>
          {complete &&
            (count <= fewItems ? (
              <EndMark onSeen={() => onSeen(true)}>End of what will be signed.</EndMark>
            ) : (
              <SeenCheck seen={seen} onChange={onSeen}>
                I have looked through the {plural(count, 'item')} as far as I need to
              </SeenCheck>
            ))}
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
