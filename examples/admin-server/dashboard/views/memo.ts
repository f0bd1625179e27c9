/** Components that are drawn anew only when a property is another. @module */

import { type ComponentType, createElement, type FunctionComponent, type JSX } from 'preact'
import { useMemo } from 'preact/hooks'

/** @returns the component, whose output is kept while every property is the same value. */
export const memo = <P extends object>(component: FunctionComponent<P>): ComponentType<P> =>
  function Memo(properties: P): JSX.Element {
    return useMemo(() => createElement(component, properties), Object.values(properties))
  }
