/** The texts of --help, made from the commands themselves. @module */

import type { Command, Flags } from './command.ts'
import { commonFlags } from './settings.ts'
import { table } from './text.ts'

const EXITS =
  'Exit codes: 0 done, 1 it failed, 2 wrong usage, 3 doctor or audit found a problem, an enclave is not proven, or a rotation waits for somebody, 130 interrupted.'

/** @param group - Only the commands that start with this word. */
export function overview(commands: readonly Command[], group?: string): string {
  const shown = commands.filter(({ name }) => group === undefined || name.split(' ')[0] === group)
  const rows = shown.map(({ name, summary }) => [`  ${name}`, summary])
  const examples = shown.flatMap(({ name, examples: [first = ''] }) => `  fcl-kms ${name} ${first}`)
  return [
    `Usage: fcl-kms ${group === undefined ? '<command>' : `${group} <command>`} [options]`,
    '',
    'Flow accounts whose keys live in AWS KMS.',
    '',
    'Commands:',
    ...table(rows),
    '',
    'Examples:',
    ...examples,
    '',
    'fcl-kms <command> --help shows the options of a command; fcl-kms --version the version.',
    EXITS,
    '',
  ].join('\n')
}

/** Everything about one command. */
export function commandHelp({ name, summary, operand, flags, examples }: Command): string {
  const argument = operand === undefined ? '' : `<${operand.value}> `
  return [
    `Usage: fcl-kms ${name} ${argument}[options]`,
    '',
    `${summary}.`,
    '',
    'Options:',
    ...table([
      ...(operand === undefined ? [] : [[`  <${operand.value}>`, operand.help]]),
      ...rowsOf({ ...flags, ...commonFlags }),
    ]),
    '',
    'Examples:',
    ...examples.map((example) => `  fcl-kms ${name} ${example}`),
    '',
    EXITS,
    '',
  ].join('\n')
}

const rowsOf = (flags: Flags) =>
  Object.entries(flags).map(([name, { value, multiple, help }]) => [
    `  --${name}${value === undefined ? '' : ` <${value}>`}`,
    multiple === true ? `${help} (repeatable)` : help,
  ])
