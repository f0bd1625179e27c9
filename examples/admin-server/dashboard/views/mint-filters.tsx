/** Search, state and function of the list of mints. @module */

import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { api } from '../api.ts'
import { useLoad } from '../state/load.ts'
import { replaceQuery } from '../state/route.ts'
import { requestStates } from '../types.ts'
import { requestStateNames } from '../ui/badge.tsx'

type Props = { readonly query: Readonly<Record<string, string>> }

/** Every change leads back to the first page. */
export function MintFilters({ query }: Props): JSX.Element {
  const functions = useLoad((signal) => api.functions(signal), [])
  const current = useRef(query)
  current.current = query
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const change = (name: string, value: string) =>
    replaceQuery({ ...current.current, before: undefined, [name]: value.trim() })
  const type = (value: string) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => change('search', value), 250)
  }
  return (
    <search>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">
          <span>Search</span>
          <input
            type="search"
            placeholder="Name, recipient, id"
            defaultValue={query['search'] ?? ''}
            onInput={(event) => type(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>State</span>
          <select
            value={query['state'] ?? ''}
            onChange={(event) => change('state', event.currentTarget.value)}
          >
            <option value="">Any</option>
            {requestStates.map((state) => (
              <option key={state} value={state}>
                {requestStateNames[state][0]}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Function</span>
          <select
            value={query['function'] ?? 'mint'}
            onChange={(event) => change('function', event.currentTarget.value)}
          >
            {(functions.data?.functions ?? [{ name: 'mint', title: 'Mint an NFT' }]).map((one) => (
              <option key={one.name} value={one.name}>
                {one.title}
              </option>
            ))}
            <option value="all">Every function</option>
          </select>
        </label>
      </form>
    </search>
  )
}
