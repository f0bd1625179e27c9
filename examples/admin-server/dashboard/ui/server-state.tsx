/** Whether the server runs, in two words, and the pause switch for operators. @module */

import type { JSX } from 'preact'
import { type Connection, connection, history } from '../state/live.ts'
import { may } from '../state/session.ts'
import { useStore } from '../state/store.ts'
import type { Me, Stats } from '../types.ts'
import { PauseSwitch } from '../views/pause-switch.tsx'
import { Badge, type Tone } from './badge.tsx'

/** Stands in the column at the side, on every view. */
export function ServerState({ me }: { readonly me: Me }): JSX.Element {
  const state = useStore(connection)
  const stats = useStore(history).at(-1)
  const [text, tone] = words(state, stats)
  return (
    <div class="server-state">
      <Badge text={text} tone={tone} />
      {may.pause(me) && stats && <PauseSwitch key={String(stats.paused)} paused={stats.paused} />}
    </div>
  )
}

function words(state: Connection, stats: Stats | undefined): readonly [string, Tone] {
  if (state === 'lost') return ['Not connected', 'bad']
  if (!stats || state === 'connecting') return ['Connecting', 'quiet']
  if (stats.paused) return ['Paused', 'attention']
  if (stats.held) return ['Held', 'bad']
  return stats.rotating ? ['Rotating', 'attention'] : ['Running', 'good']
}
