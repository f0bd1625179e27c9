/** What differs by machine comes from the environment, and wins over the file. @module */

import { readBounded } from './file.ts'
import { childOf, isFields } from './partly.ts'
import { type Mistake, mistake, type Place, pathOf } from './problems.ts'

/** As `process.env`; an empty value counts as none. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that take the place of a field. */
const fields: Readonly<Record<string, readonly [section: string, field: string]>> = {
  HOST: ['http', 'host'],
  PORT: ['http', 'port'],
  PUBLIC_URL: ['http', 'publicUrl'],
  LOG_LEVEL: ['log', 'level'],
  AWS_REGION: ['aws', 'region'],
}

/** A secret as bytes in text, at most. */
const MAX_SECRET_BYTES = 4_096

/**
 * Puts the values of variables into `raw`, which belongs to the caller.
 *
 * @returns The variable of each path that was set so: a mistake is that of the variable.
 */
export function overlayEnvironment(
  raw: Record<string, unknown>,
  environment: Environment,
): ReadonlyMap<string, string> {
  const variables = new Map<string, string>()
  for (const [variable, [section, field]] of Object.entries(fields)) {
    const text = environment[variable]
    if (!text) continue
    const holder = childOf(raw, section) ?? {}
    if (!isFields(holder)) continue // the schema says what is wrong with it
    raw[section] = holder
    holder[field] = variable === 'PORT' && /^\d{1,9}$/.test(text) ? Number(text) : text
    const place: Place = [section, field]
    variables.set(pathOf(place), variable)
  }
  return variables
}

/** The secret that signs webhooks: see `CheckFacts`. */
export type WebhookSecret = { readonly name: string; readonly value?: string }

/** Reads WEBHOOK_SECRET, or the file that WEBHOOK_SECRET_FILE names, less one final line break. */
export function readWebhookSecret(environment: Environment): {
  readonly secret?: WebhookSecret
  readonly mistakes: readonly Mistake[]
} {
  const { WEBHOOK_SECRET: value, WEBHOOK_SECRET_FILE: path } = environment
  const secret = value ? { name: 'WEBHOOK_SECRET', value } : undefined
  if (!path) return secret === undefined ? { mistakes: [] } : { secret, mistakes: [] }
  const name = 'WEBHOOK_SECRET_FILE'
  if (secret !== undefined) return { secret: { name }, mistakes: [mistake('SECRET_TWICE', name)] }
  const file = readBounded(path, MAX_SECRET_BYTES)
  if (typeof file === 'string')
    return { secret: { name }, mistakes: [mistake('SECRET_FILE_UNREADABLE', name)] }
  const mistakes = file.writableByAll ? [mistake('FILE_WRITABLE_BY_ALL', name)] : []
  return { secret: { name, value: file.text.replace(/\r?\n$/, '') }, mistakes }
}

/** One variable would switch off what every https URL here is for. */
export function checkTls(environment: Environment): readonly Mistake[] {
  const name = 'NODE_TLS_REJECT_UNAUTHORIZED'
  return environment[name] === '0' ? [mistake('TLS_UNVERIFIED', name)] : []
}
