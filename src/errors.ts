/** The one error class of the package: a stable code, facts as data, and what to do next. @module */

import {
  type Disposition,
  type SignerErrorCode,
  type SignerErrorContext,
  signerErrorTable,
} from './error-codes.ts'

/**
 * Thrown, or rejected with, by everything in this package.
 * Holds no key material, credential, message or remote body, neither in its text nor in `context`.
 */
export class SignerError<C extends SignerErrorCode = SignerErrorCode> extends Error {
  override readonly name = 'SignerError'
  readonly code: C
  readonly disposition: Disposition
  readonly context: Readonly<SignerErrorContext[C]>
  constructor(code: C, context: SignerErrorContext[C], options?: ErrorOptions) {
    const [disposition, sentence] = signerErrorTable[code]
    const facts = clean(context)
    super(`${sentence} ${describe(facts)}[${code}]`, options)
    this.code = code
    this.disposition = disposition
    this.context = Object.freeze(facts)
  }
}

/**
 * A node as it is named to people and stored: scheme, host and port, and `/…` in place of a path, which
 * may hold a token. Several are parted by a comma and a space, which no URL of a node has.
 */
export const shownNode = (url: string): string => url.split(', ').map(shownUrl).join(', ')

function shownUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || /^[a-z]+:\/\/[^/?#@]+\/*$/i.test(text)) return text
  return `${url.origin}/…`
}

/** Some facts come from a remote answer: no control characters, and not its whole length. */
function clean<T extends object>(context: T): T {
  const printable = (value: unknown) =>
    typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ').slice(0, 600) : value
  const shown = (name: string, value: unknown) =>
    name === 'accessNode' && typeof value === 'string' ? shownNode(value) : value
  const entries = Object.entries(context).map(([name, value]) => [
    name,
    printable(shown(name, value)),
  ])
  return Object.fromEntries(entries) // the same names, and texts for texts
}

function describe(context: object): string {
  const facts = Object.entries(context).map(([name, value]) => `${name}: ${String(value)}`)
  return facts.length === 0 ? '' : `(${facts.join(', ')}) `
}

/** By name and code, not `instanceof`: two installed copies must recognise each other. */
export const isSignerError = <C extends SignerErrorCode>(
  error: unknown,
  code?: C,
): error is SignerError<C> =>
  error instanceof Error &&
  error.name === 'SignerError' &&
  (code === undefined || (error as SignerError).code === code)

/** For events and counts: the code of an error of ours, and `OTHER` for any other. */
export const codeOf = (thrown: unknown): string => (isSignerError(thrown) ? thrown.code : 'OTHER')

/** Whether waiting, or an operator, may mend it: then another way to the same end is worth a try. */
export const isPassing = (thrown: unknown): boolean =>
  isSignerError(thrown) && /^(retry|hold)$/.test(thrown.disposition)
