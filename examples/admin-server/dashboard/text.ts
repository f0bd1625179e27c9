/** How figures, times and foreign texts are written. Pure. @module */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 })

/** @returns `12,345`; with `digits` at most one digit after the point. */
export const formatNumber = (value: number, digits: 0 | 1 = 0): string =>
  (digits === 0 ? whole : oneDigit).format(value)

/** @param ms - Milliseconds. @returns `850 ms`, `12.3 s` or `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${whole.format(ms)} ms`
  if (ms < 60_000) return `${oneDigit.format(ms / 1_000)} s`
  const seconds = Math.round(ms / 1_000)
  return `${whole.format(Math.floor(seconds / 60))} min ${seconds % 60} s`
}

const steps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' })

/** @returns `just now`, `5 min. ago`, `in 3 days`; the date itself from 30 days on. */
export function formatRelative(then: number, now: number): string {
  const away = then - now
  if (Number.isNaN(away)) return 'unknown'
  if (Math.abs(away) >= 30 * 86_400_000) return new Date(then).toISOString().slice(0, 10)
  const [unit, ms] = steps.find(([, size]) => Math.abs(away) >= size) ?? []
  if (unit && ms) return relative.format(Math.trunc(away / ms), unit)
  // Clocks differ by some seconds: what has happened is not told as yet to come.
  if (Math.abs(away) < 15_000) return 'just now'
  return away > 0 ? 'in less than a min.' : 'less than a min. ago'
}

/** @returns `2026-11-21 15:04:05 UTC`. */
export const formatAbsolute = (then: number): string =>
  Number.isNaN(then)
    ? 'unknown'
    : new Date(then).toISOString().slice(0, 19).replace('T', ' ').concat(' UTC')

/**
 * When a record of the audit trail was made. Its own time never goes back: after a clock was ahead
 * once, the fact `clock` is what it said in the meantime.
 *
 * @returns ISO 8601, and whether it is by that fact.
 */
export function timeOfRecord({
  at,
  facts,
}: {
  readonly at: string
  readonly facts: Readonly<Record<string, unknown>>
}): { readonly at: string; readonly corrected: boolean } {
  const { clock } = facts
  return typeof clock === 'number' && Math.abs(clock) <= LAST_DATE_MS
    ? { at: new Date(clock).toISOString(), corrected: true }
    : { at, corrected: false }
}
/** What a Date holds. */
const LAST_DATE_MS = 8_640_000_000_000_000

/** `3 items`, `1 item`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatNumber(count)} ${count === 1 ? one : many}`

/**
 * @returns the address when the whole text is one that a browser may be sent to; else `undefined`.
 * Never `javascript:`, `data:` or one with a name and password before the host.
 */
export function safeLink(text: string): string | undefined {
  if (!/^https?:\/\/[\x21-\x7e]+$/.test(text)) return undefined
  try {
    const url = new URL(text)
    const plain = url.username === '' && url.password === ''
    return plain && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : undefined
  } catch {
    return undefined
  }
}

/** A stretch of a foreign text: as it is, or one character that a reader would not see. */
export type Stretch = { readonly text: string; readonly hidden: boolean }

/**
 * Controls, format characters (bidirectional overrides, zero-width, tags), odd spaces, surrogates
 * alone and private use: whatever could make a text look like another. New lines stay.
 */
const deceptive =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]/u

/** @returns the text in stretches; those that are hidden read `U+202E`. */
export function stretches(text: string): readonly Stretch[] {
  const found: { text: string; hidden: boolean }[] = []
  for (const character of text) {
    const hidden = character !== '\n' && deceptive.test(character)
    const last = found.at(-1)
    if (hidden) found.push({ text: codePoint(character), hidden })
    else if (last && !last.hidden) last.text += character
    else found.push({ text: character, hidden })
  }
  return found
}

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`

/** @returns `kmsRequestId` as `KMS request id`. */
export const nameOfFact = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\b(kms|nft)\b/g, (word) => word.toUpperCase())
