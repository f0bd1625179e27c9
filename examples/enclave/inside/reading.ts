/** Fields of measured JSON: each of one form, or none at all. @module */

import { SignerError } from 'fcl-kms'

export const invalid = (reason: string): SignerError =>
  new SignerError('ENCLAVE_CONFIGURATION_INVALID', { reason })

/** @param known - The only names it may have. Without it, any. */
export function readObject(
  path: string,
  value: unknown,
  known?: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${path}: it is missing, or not an object`)
  const fields: Readonly<Record<string, unknown>> = { ...value }
  for (const name of Object.keys(fields))
    if (known !== undefined && !known.includes(name))
      throw invalid(`${path}: ${name.slice(0, 40)} is unknown; known are ${known.join(', ')}`)
  return fields
}

export function readText(path: string, value: unknown, form: RegExp): string {
  if (typeof value === 'string' && form.test(value)) return value
  throw invalid(`${path}: it is missing, or not of the form ${form.source.slice(0, 80)}`)
}

/** @returns An empty list where it is missing. */
export function readTexts(path: string, value: unknown): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw invalid(`${path}: it is not a list of texts`)
}

/** @returns False where it is missing. */
export function readBoolean(path: string, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw invalid(`${path}: it is neither true nor false`)
}

export function readNumber(path: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)
    return Number(value)
  throw invalid(`${path}: it is not a whole number from ${least} to ${most}`)
}
