/** Facts about one thing: a name and a value each. @module */

import type { ComponentChildren, JSX } from 'preact'
import { nameOfFact } from '../text.ts'
import { Code } from './code.tsx'
import { ForeignText } from './foreign-text.tsx'

type FactsProps = {
  /** For values that are long, such as hashes. */
  readonly wide?: boolean
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[]
}

/** A description list in as many columns as fit. */
export const Facts = ({ facts, wide }: FactsProps): JSX.Element => (
  <dl class={wide ? 'facts wide' : 'facts'}>
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)

type RecordFactsProps = { readonly facts: Readonly<Record<string, unknown>> }

/** Facts of a record whose names the server chose; whatever is not plain is shown as JSON. */
export function RecordFacts({ facts }: RecordFactsProps): JSX.Element | null {
  const entries = Object.entries(facts)
  if (entries.length === 0) return null
  return (
    <dl class="record">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{nameOfFact(name)}</dt>
          <dd>
            <FactValue name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

type FactValueProps = { readonly name: string; readonly value: unknown }

function FactValue({ name, value }: FactValueProps): JSX.Element {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  const isHash = /^[0-9a-f]{40,}$/.test(text)
  return isHash ? <Code text={text} label={nameOfFact(name)} short /> : <ForeignText text={text} />
}
