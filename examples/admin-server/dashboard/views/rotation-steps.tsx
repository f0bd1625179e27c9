/** The steps of a rotation in their order, and what each of them did. @module */

import type { JSX } from 'preact'
import type { RotationDetail } from '../types.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { stepName } from '../ui/rotation-badge.tsx'
import { Time } from '../ui/time.tsx'

type Step = RotationDetail['steps'][number]

const states: Readonly<Record<Step['state'], readonly [string, Tone]>> = {
  done: ['Done', 'good'],
  current: ['Now', 'busy'],
  'to-do': ['To do', 'quiet'],
  'left-out': ['Left out', 'quiet'],
}

/** A list with one that is now. */
export const RotationSteps = ({ steps }: Pick<RotationDetail, 'steps'>): JSX.Element => (
  <section class="panel" aria-labelledby="steps-title">
    <header>
      <h2 id="steps-title">Steps</h2>
    </header>
    <ol class="timeline">
      {steps.map((step) => (
        <li
          key={step.name}
          class={`step-${step.state}`}
          aria-current={step.state === 'current' ? 'step' : undefined}
        >
          <p>
            <strong>{stepName(step.name)}</strong> <Badge {...badgeOf(step)} />{' '}
            {step.at && (
              <span class="quiet">
                <Time at={step.at} />
              </span>
            )}
          </p>
        </li>
      ))}
    </ol>
  </section>
)

const badgeOf = ({ state }: Step) => {
  const [text, tone] = states[state]
  return { text, tone }
}

/** Oldest first. */
export const RotationHistory = ({ history }: Pick<RotationDetail, 'history'>): JSX.Element => (
  <section class="panel" aria-labelledby="history-title">
    <header>
      <h2 id="history-title">What was done</h2>
    </header>
    {history.length === 0 && <p class="quiet">Nothing yet.</p>}
    <ol class="timeline">
      {history.map(({ step, at, text, transactionId }, place) => (
        <li key={`${place} ${at}`}>
          <p>
            <strong>{stepName(step)}</strong>{' '}
            <span class="quiet">
              <Time at={at} />
            </span>
          </p>
          <p>
            <ForeignText text={text} />
          </p>
          {transactionId !== null && <Code text={transactionId} label="transaction id" short />}
        </li>
      ))}
    </ol>
  </section>
)
