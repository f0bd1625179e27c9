/** The figures that a person looks at first. @module */

import type { ComponentChildren, JSX } from 'preact'
import { hashOf } from '../state/address.ts'
import { formatDuration, formatNumber } from '../text.ts'
import type { Stats } from '../types.ts'

type TileProps = {
  readonly name: string
  readonly value: string
  readonly note?: ComponentChildren
  /** Leads to the list behind the figure. */
  readonly href?: string
  readonly tone?: 'attention' | 'bad'
}

const Tile = ({ name, value, note, href, tone }: TileProps): JSX.Element => (
  <li class={`tile ${tone ?? ''}`}>
    <span class="tile-name">{href ? <a href={href}>{name}</a> : name}</span>
    <span class="tile-value">{value}</span>
    <span class="tile-note">{note}</span>
  </li>
)

const listed = (state: string): string => hashOf(['mints'], { function: 'all', state })

/** @param stats - The newest. */
export function Tiles({ stats }: { readonly stats: Stats }): JSX.Element {
  const { requests, jobs, proposalKeys, requestToSealMs: seal, reconciliation } = stats
  const quarantined = (jobs['quarantined'] ?? 0) + proposalKeys.quarantined
  const waiting = requests.waiting ?? 0
  return (
    <ul class="tiles">
      <Tile
        name="To be approved"
        value={formatNumber(waiting)}
        note="requests"
        href={listed('waiting')}
      />
      <Tile
        name="In progress"
        value={formatNumber((requests.ready ?? 0) + (requests.released ?? 0))}
        note={`${formatNumber(jobs['in-flight'] ?? 0)} items in flight`}
        href={listed('released')}
      />
      <Tile name="Sealed a minute" value={formatNumber(stats.sealedLastMinute)} note="items" />
      <Tile
        name="Request to seal"
        value={seal ? formatDuration(seal.p50) : '–'}
        note={seal ? `p50; p99 ${formatDuration(seal.p99)}` : 'nothing sealed lately'}
      />
      <Tile
        name="KMS calls / s"
        value={formatNumber(stats.kmsCallsPerSecond, 1)}
        note={`${formatNumber(stats.kmsThrottledPerSecond, 1)} throttled`}
        {...(stats.kmsThrottledPerSecond > 0 ? { tone: 'attention' as const } : {})}
      />
      <Tile
        name="Quarantined"
        value={formatNumber(quarantined)}
        note={quarantined > 0 ? 'an operator has to decide' : 'nothing to decide'}
        {...(quarantined > 0 ? { tone: 'bad' as const } : {})}
      />
      {reconciliation && (
        <Tile
          name="Signatures not ours"
          value={formatNumber(reconciliation.foreign)}
          note={noteOf(reconciliation)}
          href={hashOf(['audit'], { kind: 'reconciliation' })}
          {...(reconciliation.foreign > 0
            ? { tone: 'bad' as const }
            : reconciliation.missing + reconciliation.unreadable > 0
              ? { tone: 'attention' as const }
              : {})}
        />
      )}
    </ul>
  )
}

/** Of seven days; CloudTrail tells of a signature some minutes after it. */
function noteOf({ missing, unreadable, verdict }: NonNullable<Stats['reconciliation']>): string {
  if (verdict === 'none') return 'CloudTrail was not read yet'
  if (missing + unreadable === 0) return 'by CloudTrail, in 7 days'
  return `${formatNumber(missing)} not in CloudTrail, ${formatNumber(unreadable)} unread`
}
