/** Arguments to values, strictly: what is unknown, repeated or missing is refused. @module */

import { parseArgs } from 'node:util'
import { SignerError } from '../errors.ts'
import type { Flags, Operand, Values } from './command.ts'

/** A wrong argument. The reason must not quote its value: it may be a secret in the wrong place. */
export const usage = (option: string, reason: string): SignerError =>
  new SignerError('INVALID_OPTION', { option, reason })

/** @throws {SignerError} `INVALID_OPTION`. */
export function parseValues(args: readonly string[], flags: Flags, operand?: Operand): Values {
  const given = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokensOf(args, flags, operand !== undefined)) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const before = given.get(token.name)
    if (before !== undefined && flags[token.name]?.multiple !== true)
      throw usage(`--${token.name}`, 'it is given twice')
    given.set(token.name, [...(before ?? []), token.value ?? ''])
  }
  const [first] = operands
  if (operands.length > 1) throw strayArgument()
  if (operand !== undefined && first === undefined) throw usage(operand.value, 'it is missing')
  const optional = (name: string) => given.get(name)?.[0]
  const many = (name: string) => given.get(name) ?? []
  return {
    operand: first ?? '',
    flag: (name) => given.has(name),
    optional,
    required(name) {
      const value = optional(name)
      if (value === undefined) throw usage(`--${name}`, 'it is missing')
      return value
    },
    many,
    some(name) {
      if (many(name).length === 0) throw usage(`--${name}`, 'it is missing')
      return many(name)
    },
  }
}

function tokensOf(args: readonly string[], flags: Flags, allowPositionals: boolean) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, multiple = false }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple },
    ]),
  )
  try {
    return parseArgs({ args: [...args], options, strict: true, tokens: true, allowPositionals })
      .tokens
  } catch (thrown) {
    throw readParseError(thrown)
  }
}

/** Node's sentences quote what was typed; only the name of an option is taken from them. */
function readParseError(thrown: unknown): SignerError {
  const { code, message }: { code?: unknown; message?: unknown } =
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  const [name = 'an option'] = /--[a-z][a-z0-9-]{0,30}(?![\w-])/.exec(String(message)) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return usage(name, 'it is unknown; see --help')
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return usage(
      name,
      'its value is missing, or it takes none; write --name=value when the value starts with a dash',
    )
  return strayArgument()
}

const strayArgument = () => usage('arguments', 'there is one that belongs to no option; see --help')

/** @throws {SignerError} `INVALID_OPTION` for anything but digits of a number from `least` to `most`. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(number) || number < least || number > most)
    throw usage(option, `it is not a whole number from ${least} to ${most}`)
  return number
}
