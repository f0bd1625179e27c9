/** Where the page begins. @module */

import { render } from 'preact'
import { App } from './app.tsx'
import { startClock } from './state/clock.ts'
import { followAddress } from './state/route.ts'
import { startSession } from './state/session.ts'
import { startTheme } from './state/theme.ts'

// In the head, before anything is painted: no flash of the other colours.
startTheme()

addEventListener('DOMContentLoaded', () => {
  const root = document.getElementById('root')
  if (!root) return
  followAddress()
  startClock()
  render(<App />, root)
  void startSession()
})
