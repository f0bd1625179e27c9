/** How far a rotation is, in a word or two; and its steps in words. @module */

import type { JSX } from 'preact'
import type { Rotation } from '../types.ts'
import { Badge } from './badge.tsx'

const names: Readonly<Record<string, string>> = {
  create: 'Make the new key',
  add: 'Put it on the account at weight 0',
  prove: 'Prove that it signs',
  sign: 'Collect the signatures of the swap',
  hold: 'Hold all proposal keys',
  drain: 'Wait until nothing is in flight',
  cut: 'Revoke the old key',
  swap: 'Swap: the new key at the weight, the old one revoked',
  restore: 'Give the new key the weight',
  revoke: 'Revoke what is left of the old key',
  resume: 'Give the proposal keys back',
  verify: 'Compare the account with the plan',
  alias: 'Move the alias',
  disable: 'Disable the old key',
  unused: 'Wait until nobody asks for the old key',
  delete: 'Schedule its deletion',
  done: 'Done',
}

/** @returns the step in words; a newer command may know others. */
export const stepName = (step: string): string => names[step] ?? step

/** A dot and words. */
export function RotationBadge({
  rotation,
}: {
  readonly rotation: Pick<Rotation, 'state' | 'held' | 'pending' | 'step' | 'aborting'>
}): JSX.Element {
  const { state, held, pending, step, aborting } = rotation
  if (state === 'done') return <Badge tone="good" text="Done" />
  if (state === 'aborted') return <Badge tone="quiet" text="Aborted" />
  if (aborting) return <Badge tone="attention" text="Goes back" />
  if (pending?.state === 'signing') return <Badge tone="attention" text="Waits for signatures" />
  if (held) return <Badge tone="attention" text="Holds the proposal keys" />
  return step === 'unused' ? (
    <Badge tone="quiet" text="Waits until the old key is not used" />
  ) : (
    <Badge tone="busy" text="Under way" />
  )
}
