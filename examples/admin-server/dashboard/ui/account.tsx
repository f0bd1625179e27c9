/** Who is signed in, the colours of the page, and the way out. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { type Problem, problemOf } from '../problem.ts'
import { signOut } from '../state/session.ts'
import { useStore } from '../state/store.ts'
import { chooseTheme, type Theme, theme } from '../state/theme.ts'
import type { Me } from '../types.ts'
import { ForeignText } from './foreign-text.tsx'
import { Icon } from './icon.tsx'
import { ProblemNotice } from './notice.tsx'

const themes: readonly (readonly [Theme, string])[] = [
  ['system', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]

/** At the foot of the column. */
export function Account({ me }: { readonly me: Me }): JSX.Element {
  const chosen = useStore(theme)
  const [problem, setProblem] = useState<Problem>()
  const leave = () => {
    setProblem(undefined)
    signOut().catch((thrown: unknown) => setProblem(problemOf(thrown)))
  }
  return (
    <div class="account">
      {problem && <ProblemNotice problem={problem} />}
      <fieldset class="themes">
        <legend class="unseen">Colours</legend>
        {themes.map(([value, name]) => (
          <label key={value}>
            <input
              type="radio"
              name="theme"
              value={value}
              checked={chosen === value}
              onChange={() => chooseTheme(value)}
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <p class="who">
        <strong>
          <ForeignText text={me.name} />
        </strong>
        <span class="quiet">{me.roles.join(', ') || 'no role'}</span>
      </p>
      <button type="button" onClick={leave}>
        <Icon name="leave" /> Sign out
      </button>
    </div>
  )
}
