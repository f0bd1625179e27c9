/** One line of a diagnosis: what was checked, what was found, what to do. @module */

import { type SignerErrorCode, signerErrorTable } from '../../error-codes.ts'
import { isSignerError } from '../../errors.ts'

/** `problem`: signing does not work as set up. `skipped`: could not be checked, and the fact says why. */
export type FindingStatus = 'ok' | 'warning' | 'problem' | 'skipped'

/** What a check found. */
export type Finding = {
  /** Stable, for example `region` or `sign permission`. */
  readonly check: string
  /** What it is about, when there are several: a key id as given, or an address. */
  readonly subject?: string
  readonly status: FindingStatus
  /** One sentence or less. No secrets. */
  readonly fact: string
  /** What to do; with every `warning` and `problem`. */
  readonly remedy?: string
  /** The code of the error behind it. */
  readonly code?: SignerErrorCode
}

/** Makes findings of one check. */
export type Check = {
  readonly ok: (fact: string) => Finding
  readonly skipped: (fact: string) => Finding
  readonly warning: (fact: string, remedy: string, code?: SignerErrorCode) => Finding
  readonly problem: (fact: string, remedy: string, code?: SignerErrorCode) => Finding
  /** A `problem` from an error. Rethrows what is not an error of ours: an abort or a bug. */
  readonly failed: (thrown: unknown) => Finding
}

/** @param subject - Left out of the finding when absent. */
export function checkOf(check: string, subject?: string): Check {
  const about = subject === undefined ? { check } : { check, subject }
  const advised =
    (status: FindingStatus) => (fact: string, remedy: string, code?: SignerErrorCode) =>
      Object.freeze({ ...about, status, fact, remedy, ...(code === undefined ? {} : { code }) })
  const problem = advised('problem')
  return {
    ok: (fact) => Object.freeze({ ...about, status: 'ok', fact }),
    skipped: (fact) => Object.freeze({ ...about, status: 'skipped', fact }),
    warning: advised('warning'),
    problem,
    failed(thrown) {
      if (!isSignerError(thrown)) throw thrown
      const facts = Object.entries(thrown.context).map(([name, value]) => `${name}: ${value}`)
      return problem(facts.join(', ') || thrown.code, signerErrorTable[thrown.code][1], thrown.code)
    },
  }
}
