/** Mistakes and warnings as lines for a terminal. Prints nothing itself. @module */

import { isAdminError } from '../errors.ts'
import type { LoadedConfig } from './load.ts'
import type { Mistake } from './problems.ts'

/** What `--check` says of a configuration that the server can start with. */
export function reportConfig({ file, warnings }: LoadedConfig): readonly string[] {
  return [`${file} has no mistakes.`, ...warningLines(warnings)]
}

/**
 * @param thrown - By `loadConfig`.
 * @returns Its mistakes, each with its remedy; undefined for any other error.
 */
export function reportMistakes(thrown: unknown): readonly string[] | undefined {
  if (!isAdminError(thrown, 'CONFIGURATION_INVALID')) return undefined
  const { file, mistakes, warnings } = thrown.facts
  const found = asMistakes(mistakes)
  const count = found.length === 1 ? '1 mistake' : `${found.length} mistakes`
  return [
    `${String(file)} has ${count}:`,
    ...found.flatMap(lines),
    ...warningLines(asMistakes(warnings)),
  ]
}

const warningLines = (warnings: readonly Mistake[]): readonly string[] =>
  warnings.length === 0 ? [] : ['Warnings:', ...warnings.flatMap(lines)]

const lines = ({ id, path, problem, remedy }: Mistake): readonly string[] => [
  `  ${path} [${id}]`,
  `    ${problem}`,
  `    ${remedy}`,
]

/** `loadConfig` puts nothing else there. */
const asMistakes = (value: unknown): readonly Mistake[] =>
  Array.isArray(value) ? (value as readonly Mistake[]) : []
