/** Ids, hashes and addresses: monospaced, whole or shortened, to be copied. @module */

import type { JSX } from 'preact'
import { announce } from '../state/announce.ts'
import { Icon } from './icon.tsx'

type Props = {
  readonly text: string
  /** What it is, for the button's name. */
  readonly label: string
  /** Shows the two ends, of what the pattern finds; the whole is in the title and is copied. */
  readonly short?: boolean | RegExp
}

/** @returns the text with a button that copies it. */
export function Code({ text, label, short = false }: Props): JSX.Element {
  const part = (short instanceof RegExp && text.match(short)?.[0]) || text
  const shown = short && part.length > 20 ? `${part.slice(0, 8)}…${part.slice(-6)}` : part
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => announce(`Copied ${label}`),
      () => announce(`The browser did not allow copying ${label}`),
    )
  return (
    <span class={short ? 'code short' : 'code'}>
      <code title={shown === text ? undefined : text}>{shown}</code>
      <button type="button" class="copy" onClick={copy} aria-label={`Copy ${label}`} title="Copy">
        <Icon name="copy" />
      </button>
    </span>
  )
}
