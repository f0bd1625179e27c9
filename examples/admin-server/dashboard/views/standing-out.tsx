/** The items that an approver has to look at, whatever else there is. @module */

import type { JSX } from 'preact'
import type { Flagged } from '../state/summary.ts'
import { plural } from '../text.ts'
import type { ContentItem } from '../types.ts'
import { Pages } from '../ui/pages.tsx'
import { SeenCheck } from '../ui/seen.tsx'
import { ItemCard } from './item-card.tsx'

const pageSize = 10
/** So many are shown with all their lines at once. */
const unfolded = 5

type Props = {
  readonly flagged: readonly Flagged[]
  readonly items: readonly ContentItem[]
  readonly seen: boolean
  readonly onSeen: (seen: boolean) => void
}

/** Stands before the list: an item among a thousand is not found there. */
export const StandingOut = ({ flagged, items, seen, onSeen }: Props): JSX.Element => (
  <section class="panel content" aria-labelledby="flagged-title">
    <header>
      <h2 id="flagged-title" tabIndex={-1}>
        To look at: {plural(flagged.length, 'item')}
      </h2>
    </header>
    <Pages name="items to look at" rows={flagged} size={pageSize}>
      {(rows) => (
        <ol class="items">
          {rows.map(({ index, findings }) => {
            const item = items[index]
            return (
              item && (
                <ItemCard
                  key={index}
                  item={item}
                  findings={findings}
                  unfolded={flagged.length <= unfolded}
                  open={false}
                />
              )
            )
          })}
        </ol>
      )}
    </Pages>
    <SeenCheck seen={seen} onChange={onSeen}>
      I have looked at{' '}
      {flagged.length === 1 ? 'this item' : `these ${plural(flagged.length, 'item')}`}
    </SeenCheck>
  </section>
)
