/** The overview: what happens now, and in the last ten minutes. @module */

import type { JSX } from 'preact'
import { connection, history } from '../state/live.ts'
import { useStore } from '../state/store.ts'
import { formatDuration, formatNumber } from '../text.ts'
import type { Stats } from '../types.ts'
import { Plot } from '../ui/plot.tsx'
import { Tiles } from '../ui/tiles.tsx'
import { Empty, View } from '../ui/view.tsx'

const count = (value: number): string => formatNumber(value)
const rate = (value: number): string => formatNumber(value, 1)

/** Figures come by the event stream, once a second. */
export function Overview(): JSX.Element {
  const stats = useStore(history)
  const now = stats.at(-1)
  return (
    <View title="Overview">
      {now ? (
        <>
          <Tiles stats={now} />
          <Plots stats={stats} />
          <p class="quiet foot">Version {now.version}</p>
        </>
      ) : (
        <Waiting />
      )}
    </View>
  )
}

function Waiting(): JSX.Element {
  const state = useStore(connection)
  if (state !== 'lost') return <p class="quiet loading">Connecting…</p>
  return <Empty title="No figures yet">The server does not answer; the page tries again.</Empty>
}

function Plots({ stats }: { readonly stats: readonly Stats[] }): JSX.Element {
  const times = stats.map(({ at }) => Date.parse(at) / 1000)
  const line = (name: string, colour: number, read: (stats: Stats) => number | undefined) => ({
    name,
    colour: `--series-${colour}`,
    values: stats.map((one) => read(one) ?? null),
  })
  return (
    <div class="plots">
      <Plot
        title="Mints a minute"
        times={times}
        format={count}
        whole
        series={[line('Sealed', 1, (one) => one.sealedLastMinute)]}
      />
      <Plot
        title="Queue by state"
        times={times}
        format={count}
        whole
        series={[
          line('Queued', 1, ({ jobs }) => jobs['queued'] ?? 0),
          line('Claimed', 2, ({ jobs }) => jobs['claimed'] ?? 0),
          line('In flight', 3, ({ jobs }) => jobs['in-flight'] ?? 0),
          line('Quarantined', 4, ({ jobs }) => jobs['quarantined'] ?? 0),
        ]}
      />
      <Plot
        title="Request to seal"
        times={times}
        format={formatDuration}
        series={[
          line('p50', 1, ({ requestToSealMs }) => requestToSealMs?.p50),
          line('p99', 3, ({ requestToSealMs }) => requestToSealMs?.p99),
        ]}
      />
      <Plot
        title="KMS calls a second"
        times={times}
        format={rate}
        series={[
          line('Calls', 1, ({ kmsCallsPerSecond }) => kmsCallsPerSecond),
          line('Throttled', 4, ({ kmsThrottledPerSecond }) => kmsThrottledPerSecond),
        ]}
      />
      <Plot
        title="Proposal keys"
        times={times}
        format={count}
        whole
        series={[
          line('Free', 1, ({ proposalKeys }) => proposalKeys.free),
          line('Busy', 3, ({ proposalKeys }) => proposalKeys.busy),
          line('Quarantined', 4, ({ proposalKeys }) => proposalKeys.quarantined),
        ]}
      />
    </div>
  )
}
