/** As much of the Cadence of a transaction as is needed to see what it imports and takes. @module */

import { SignerError } from '../errors.ts'
import { maskTexts } from './cadence-text.ts'

/** Something in the source that is no address, or not yet. Offsets are of UTF-16 units. */
export type Reference = {
  /**
   * - `contract`: `import "FlowToken"`, all of it.
   * - `placeholder`: `0xFlowToken`, wherever it stands.
   * - `other`: what FCL gives no address either: `import FlowToken` alone, or from a file.
   */
  readonly kind: 'contract' | 'placeholder' | 'other'
  /** As it is written, without quotes. */
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The one contract that is imported by its name alone. */
const BUILT_IN = 'Crypto'

/** @returns What has to be given an address before the network can execute it, in its order. */
export function findReferences(source: string): readonly Reference[] {
  const masked = maskTexts(source)
  const found: Reference[] = []
  /** What may come next within an import. */
  let state: 'none' | 'target' | 'listed' | 'location' = 'none'
  let start = 0
  let listed: { readonly name: string; readonly from: number; readonly to: number } | undefined
  // The last token ends an import that nothing follows.
  for (const match of `${masked};`.matchAll(/[A-Za-z_]\w*|\d\w*|" *"|[^\s]/g)) {
    const [token] = match
    const from = match.index
    const to = from + token.length
    const isName = /^[A-Za-z_]/.test(token)
    const isText = token.length > 1 && token.startsWith('"')
    const inner = source.slice(from + 1, to - 1)
    if (/^0x/i.test(token) && !/^0x[\da-f_]+$/i.test(token))
      found.push({ kind: 'placeholder', name: source.slice(from, to), from, to })
    if (state === 'listed' && token === ',') state = 'target'
    else if (state === 'listed' && token === 'as') state = 'target'
    else if (state === 'listed' && token === 'from') state = 'location'
    else if (state === 'target' && isText) {
      const isContract = listed === undefined && /^\w+$/.test(inner)
      found.push({ kind: isContract ? 'contract' : 'other', name: inner, from: start, to })
      state = 'none'
    } else if (state === 'target' && isName && token !== 'import') {
      listed ??= { name: token, from, to }
      state = 'listed'
    } else {
      if (state === 'listed' && listed !== undefined && listed.name !== BUILT_IN)
        found.push({ kind: 'other', ...listed })
      if (state === 'location' && isText) found.push({ kind: 'other', name: inner, from, to })
      if (state === 'location' && isName && token !== BUILT_IN)
        found.push({ kind: 'other', name: token, from, to })
      state = token === 'import' ? 'target' : 'none'
      start = from
      listed = undefined
    }
  }
  return found
}

/** @throws {SignerError} `CADENCE_IMPORT_UNRESOLVED`: nothing may be signed that cannot execute. */
export function assertResolved(cadence: string): void {
  const [first] = findReferences(cadence)
  if (first !== undefined) throw unresolvedImport(first, 'it has no address')
}

/** @param reason - Why it has no address. */
export const unresolvedImport = ({ kind, name }: Reference, reason: string): SignerError =>
  new SignerError('CADENCE_IMPORT_UNRESOLVED', {
    import: kind === 'contract' ? `"${name}"` : name,
    reason,
  })

/** @returns How many arguments the transaction takes; `undefined` when that cannot be told. */
export function countParameters(source: string): number | undefined {
  const masked = maskTexts(source)
  const head = /\btransaction\b\s*([({])/.exec(masked)
  if (head === null) return undefined
  if (head[1] === '{') return 0
  let depth = 0
  let count = 0
  let empty = true
  for (const char of masked.slice(head.index + head[0].length - 1)) {
    if ('([{<'.includes(char)) depth += 1
    else if (')]}>'.includes(char)) depth -= 1
    if (depth === 0) return empty ? count : count + 1
    if (depth === 1 && char === ',') {
      count += 1
      empty = true
    } else if (char !== '(' && !/\s/.test(char)) empty = false
  }
  return undefined
}
