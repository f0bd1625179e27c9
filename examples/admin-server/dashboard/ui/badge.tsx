/** States as words with a colour; the word alone says it. @module */

import type { JSX } from 'preact'
import type { ItemState, ProposalKey, RequestState } from '../types.ts'

/** `busy`: goes on by itself. `attention`: waits for a person. */
export type Tone = 'quiet' | 'busy' | 'good' | 'attention' | 'bad'

/** @returns a dot and the word. */
export const Badge = ({
  tone,
  text,
}: {
  readonly tone: Tone
  readonly text: string
}): JSX.Element => <span class={`badge ${tone}`}>{text}</span>

/** Word and tone of each state of a request. */
export const requestStateNames: Readonly<Record<RequestState, readonly [string, Tone]>> = {
  waiting: ['Waiting for approval', 'attention'],
  ready: ['Ready', 'busy'],
  released: ['In progress', 'busy'],
  done: ['Done', 'good'],
  'partly-failed': ['Partly failed', 'bad'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'quiet'],
  expired: ['Expired', 'quiet'],
}
const itemStateNames: Readonly<Record<ItemState, readonly [string, Tone]>> = {
  waiting: ['Waiting', 'quiet'],
  submitted: ['Submitted', 'busy'],
  done: ['Done', 'good'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'quiet'],
  quarantined: ['Quarantined', 'attention'],
}
const proposalKeyStateNames: Readonly<Record<ProposalKey['state'], readonly [string, Tone]>> = {
  free: ['Free', 'good'],
  leased: ['Leased', 'busy'],
  'in-flight': ['In flight', 'busy'],
  quarantined: ['Quarantined', 'attention'],
}

/** A newer server may know states that this page does not. */
const show = (names: Readonly<Record<string, readonly [string, Tone]>>, state: string) => {
  const [text, tone] = names[state] ?? [state, 'quiet']
  return <Badge text={text} tone={tone} />
}

/** State of a request. */
export const RequestBadge = ({ state }: { readonly state: RequestState }): JSX.Element =>
  show(requestStateNames, state)
/** State of an item. */
export const ItemBadge = ({ state }: { readonly state: ItemState }): JSX.Element =>
  show(itemStateNames, state)
/** State of a proposal key. */
export const ProposalKeyBadge = ({
  state,
}: {
  readonly state: ProposalKey['state']
}): JSX.Element => show(proposalKeyStateNames, state)
