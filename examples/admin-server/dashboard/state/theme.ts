/** Light, dark, or as the system has it. @module */

import { createStore, type Store } from './store.ts'

/** `system` follows prefers-color-scheme. */
export type Theme = 'system' | 'light' | 'dark'

const storageKey = 'fcl-kms-theme'

/** What was chosen. */
export const theme: Store<Theme> = createStore<Theme>('system')

/** Colours have changed: canvases must be drawn anew. */
export const colours: Store<number> = createStore(0)

/** Puts the choice on the page, as the style sheet reads it, and keeps it. */
export function chooseTheme(choice: Theme): void {
  apply(choice)
  try {
    localStorage.setItem(storageKey, choice)
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
}

/** Reads what was kept and follows the system. Called before anything is drawn. */
export function startTheme(): void {
  let kept: string | null = null
  try {
    kept = localStorage.getItem(storageKey)
  } catch {
    // As above.
  }
  apply(kept === 'light' || kept === 'dark' ? kept : 'system')
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
}

function apply(choice: Theme): void {
  if (choice === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = choice
  theme.set(choice)
  redraw()
}

function redraw(): void {
  colours.set(colours.get() + 1)
}
