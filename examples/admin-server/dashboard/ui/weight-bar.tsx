/** Keys by weight, on the way to the 1,000 that Flow asks for. @module */

import type { JSX } from 'preact'
import { formatNumber } from '../text.ts'
import type { KeyRule } from '../types.ts'

/** One key of the bar. */
export type BarKey = {
  readonly index: number
  readonly weight: number
  readonly revoked: boolean
  readonly rule: KeyRule | null
  /** Absent where no request is looked at. */
  readonly met?: boolean
}

/** @returns the rule in words. */
export function ruleText(rule: KeyRule | null): string {
  if (rule === null) return 'no rule: never asked to sign'
  if (rule === 'automatic') return 'signs when the policy passes'
  return `signs when one of ${rule.approvers.join(', ')} has approved`
}

const stateOf = (key: BarKey): 'revoked' | 'met' | 'unmet' | 'plain' =>
  key.revoked ? 'revoked' : key.met === undefined ? 'plain' : key.met ? 'met' : 'unmet'

type Props = {
  readonly keys: readonly BarKey[]
  readonly needed: number
  /** Drawn low, without names: for lists. */
  readonly small?: boolean
}

/** The bar; beside it stands a table or a text that says the same. */
export function WeightBar({ keys, needed, small = false }: Props): JSX.Element {
  const shown = keys
    .filter((key) => key.weight > 0 && !key.revoked)
    .toSorted((a, b) => Number(b.met ?? 0) - Number(a.met ?? 0))
  const total = shown.reduce((sum, key) => sum + key.weight, 0)
  const scale = Math.max(total, needed)
  const met = shown.reduce((sum, key) => sum + (key.met === false ? 0 : key.weight), 0)
  const label = `Weight ${formatNumber(met)} of ${formatNumber(needed)}: ${
    shown
      .map((key) => `key ${key.index} ${key.weight}${key.met === false ? ' missing' : ''}`)
      .join(', ') || 'no keys'
  }`
  return (
    <div class={small ? 'weight-bar small' : 'weight-bar'} role="img" aria-label={label}>
      <div class="weight-track">
        {shown.map((key) => (
          <div
            key={key.index}
            class={`weight-segment ${stateOf(key)}`}
            style={{ width: `${(key.weight / scale) * 100}%` }}
            title={`Key ${key.index}, weight ${key.weight}: ${ruleText(key.rule)}`}
          >
            {!small && (
              <span>
                <b>{key.weight}</b> key {key.index}
              </span>
            )}
          </div>
        ))}
      </div>
      {!small && (
        <div class="weight-scale">
          <span>0</span>
          <span class="weight-needed" style={{ left: `${(needed / scale) * 100}%` }}>
            {formatNumber(needed)}
          </span>
        </div>
      )}
    </div>
  )
}
