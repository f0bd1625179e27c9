/** A text that somebody else wrote, shown so that it cannot pass for another. @module */

import type { JSX } from 'preact'
import { safeLink, stretches } from '../text.ts'

/** Text nodes only; isolated from its surroundings; what is invisible is spelt out. */
export const ForeignText = ({ text }: { readonly text: string }): JSX.Element => (
  <bdi class="foreign">
    {stretches(text).map((stretch, index) =>
      stretch.hidden ? (
        <span key={index} class="hidden-character" title="A character that cannot be seen">
          {stretch.text}
        </span>
      ) : (
        stretch.text
      ),
    )}
  </bdi>
)

/** The same, as a link when the whole of it is an http(s) address. Nothing is loaded from there. */
export function ForeignValue({ text }: { readonly text: string }): JSX.Element {
  const href = safeLink(text)
  if (text === '') return <span class="quiet">empty</span>
  if (href === undefined) return <ForeignText text={text} />
  return (
    <a href={href} target="_blank" rel="noreferrer noopener" class="foreign">
      {text}
    </a>
  )
}
