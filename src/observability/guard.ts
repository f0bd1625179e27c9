/** An observer that throws must harm neither what it observes nor the observers beside it. @module */

import { tellObserver } from '../observers.ts'

/** @returns The same observer; what it throws becomes a process warning. */
export function guarded<T extends object>(
  name: string,
  observer: (event: T) => void,
): (event: T) => void {
  return (event) => tellObserver(observer, event, { name, spared: 'what it observes is' })
}
