/** The few icons there are, as strokes on 16 × 16. Never alone: a name stands beside each. @module */

import type { JSX } from 'preact'

const paths = {
  overview: 'M2 12l3.5-4 3 2.5L14 4M2 14h12',
  mints: 'M8 1.8l5.5 3.1v6.2L8 14.2l-5.5-3.1V4.9zM2.5 4.9L8 8l5.5-3.1M8 8v6.2',
  approvals: 'M2.5 8.5l3.5 3.5 7.5-8',
  keys: 'M10 2a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM7.2 8.8L2 14M4 12l1.6 1.6',
  proposals: 'M2.5 3h4v4h-4zM9.5 3h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z',
  audit: 'M4 1.8h8v12.4H4zM6.2 5h3.6M6.2 8h3.6M6.2 11h2',
  pause: 'M5.5 3v10M10.5 3v10',
  resume: 'M4.5 2.8l8 5.2-8 5.2z',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  menu: 'M2 4h12M2 8h12M2 12h12',
  warning: 'M8 2l6.5 11.5h-13zM8 6.5v3.4M8 11.6v.4',
  leave: 'M6 2.5H2.5v11H6M10 4.5L13.5 8 10 11.5M13.5 8H6',
} as const

/** The name of an icon. */
export type IconName = keyof typeof paths

/** Decoration: hidden from screen readers. */
export const Icon = ({ name }: { readonly name: IconName }): JSX.Element => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
)
