/** Arguments as one text each, checked for what Cadence could never read. @module */

import { SignerError } from '../errors.ts'

/** One argument in JSON-Cadence, for example `{ type: 'UInt64', value: '1' }`. */
export type JsonCadence = { readonly type: string; readonly value?: unknown }

type Json = Readonly<Record<string, unknown>>

/**
 * @param place - For the error, for example `argument 2`.
 * @returns JSON with its keys in order, so that the same argument is always the same text.
 * @throws {SignerError} `INVALID_OPTION` for what is not JSON-Cadence. Ranges and composites are for
 * the network to check.
 */
export function argumentText(argument: unknown, place: string): string {
  const plain = plainCopy(argument, place)
  assertValue(plain, place)
  return JSON.stringify(plain, ordered)
}

/** @returns Whether two such texts are the same value, written with more or fewer zeros at its end. */
export const sameArgument = (one: string, other: string): boolean =>
  one === other || shortest(one) === shortest(other)

/** What JSON makes of it: no getter of the caller's runs a second time. */
function plainCopy(value: unknown, place: string): unknown {
  try {
    return JSON.parse(JSON.stringify(value))
  } catch (cause) {
    const reason = `${place} is not plain data: write numbers as text, and no circles`
    throw new SignerError('INVALID_OPTION', { option: 'args', reason }, { cause })
  }
}

const ordered = (_: string, value: unknown) =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

function shortest(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, value: unknown) => {
    if (!isRecord(value)) return value
    const { type, value: inner } = value
    if (type === 'Void') return { type }
    if (!/^U?Fix(64|128)$/.test(String(type)) || typeof inner !== 'string') return value
    return { ...value, value: inner.replace(/(\.\d+?)0+$/, '$1') }
  })
}

/** What a value of each type is in JSON. Of others nothing is known but that none is a number. */
function assertValue(argument: unknown, place: string): void {
  if (!isRecord(argument) || typeof argument['type'] !== 'string')
    throw invalid(place, 'not JSON-Cadence: { type, value }')
  const { type, value } = argument
  const expect = (shape: string, fits: boolean) => {
    if (!fits) throw invalid(`${place} (${type.slice(0, 40)})`, `not ${shape}`)
  }
  const nested = (parts: readonly unknown[]) => {
    for (const part of parts) assertValue(part, `${place.slice(0, 100)} in ${type.slice(0, 40)}`)
  }
  if (type === 'Void') return
  if (type === 'Bool') expect('true or false', typeof value === 'boolean')
  else if (type === 'Optional') nested(value === null ? [] : [value])
  else if (type === 'Array') {
    expect('a list', Array.isArray(value))
    nested(Array.isArray(value) ? value : [])
  } else if (type === 'Dictionary') {
    const entries: readonly unknown[] = Array.isArray(value) ? value : []
    expect('a list of { key, value }', Array.isArray(value) && entries.every(isRecord))
    nested(entries.filter(isRecord).flatMap((entry) => [entry['key'], entry['value']]))
  } else if (type === 'InclusiveRange') {
    expect('{ start, end, step }', isRecord(value))
    if (isRecord(value)) nested([value['start'], value['end'], value['step']])
  } else if (/^(Struct|Resource|Event|Contract|Enum|Attachment)$/.test(type)) {
    const fields = fieldsOf(value)
    expect('{ id, fields: [{ name, value }] }', fields !== undefined)
    nested((fields ?? []).map((field) => field['value']))
  } else if (type === 'Path')
    expect(
      '{ domain, identifier }',
      isRecord(value) && areTexts(value['domain'], value['identifier']),
    )
  else if (/^(U?Int|Word|U?Fix)\d*$/.test(type))
    expect(`text: write ${type.includes('Fix') ? "'1.0'" : "'1'"}`, typeof value === 'string')
  else if (/^(String|Character|Address)$/.test(type)) expect('text', typeof value === 'string')
  else expect('text, list or object', typeof value !== 'number' && value !== undefined)
}

function fieldsOf(value: unknown): readonly Json[] | undefined {
  if (!isRecord(value) || !areTexts(value['id']) || !Array.isArray(value['fields']))
    return undefined
  const fields: readonly unknown[] = value['fields']
  const records = fields.filter(isRecord).filter((field) => areTexts(field['name']))
  return records.length === fields.length ? records : undefined
}

const areTexts = (...values: readonly unknown[]) =>
  values.every((value) => typeof value === 'string')

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (place: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option: 'args', reason: `${place} is ${reason}` })
