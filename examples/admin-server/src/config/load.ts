/** From one JSON file and the environment to a checked configuration, or to every mistake at once. @module */

import { Check, Clone, Default } from 'typebox/value'
import { AdminError } from '../errors.ts'
import { type AddressCheck, standardContracts } from './check-network.ts'
import { checkSettings, findSecrets } from './checks.ts'
import type { Config } from './config.ts'
import {
  checkTls,
  type Environment,
  overlayEnvironment,
  readWebhookSecret,
  type WebhookSecret,
} from './environment.ts'
import { readConfigFile } from './file.ts'
import { anchored } from './forms.ts'
import { isFields, type Partly, prune } from './partly.ts'
import { isWarning, type Mistake, type Place } from './problems.ts'
import { type FileSettings, fileSchema } from './schema.ts'
import { type Placed, schemaMistakes } from './schema-mistakes.ts'

/** See `loadConfig`. */
export type LoadOptions = {
  /** Of the file. Default: ADMIN_SERVER_CONFIG, or `admin-server.json` in the working directory. */
  readonly path?: string | undefined
  /** `process.env`, or what a test gives. */
  readonly environment: Environment
  /** Names of the function templates that there are. */
  readonly knownFunctions: readonly string[]
  /**
   * Whether an address can be one of the chain. Default: it is none of the standard accounts of
   * another chain.
   */
  readonly isAddressOfChain?: AddressCheck
}

/** A configuration that the server can start with. Frozen throughout. */
export type LoadedConfig = {
  readonly config: Config
  /** What is allowed, and may not be meant. */
  readonly warnings: readonly Mistake[]
  /** Path of the file. */
  readonly file: string
}

/** The file that is read when none is named. */
export const DEFAULT_CONFIG = 'admin-server.json'

/**
 * Reads and checks everything, and asks nobody: no network, no database.
 *
 * @throws {AdminError} `CONFIGURATION_INVALID`; `facts.mistakes` are all of them, `facts.warnings`
 * the warnings, `facts.file` the path. No value of the file or the environment is in it.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { environment, knownFunctions, isAddressOfChain } = options
  const file = options.path || environment['ADMIN_SERVER_CONFIG'] || DEFAULT_CONFIG
  const read = readConfigFile(file)
  const webhook = readWebhookSecret(environment)
  const databaseUrl = environment['DATABASE_URL'] || undefined
  const facts = { knownFunctions, isAddressOfChain, databaseUrl, webhookSecret: webhook.secret }

  const raw = Clone(read.value)
  const variables = isFields(raw) ? overlayEnvironment(raw, environment) : new Map<string, string>()
  const filled = Default(fileSchema, raw)
  const secrets = findSecrets(filled)
  // What was never read has no other mistakes than that.
  const shape = read.value === undefined ? [] : schemaMistakes(filled)
  // Where a secret stands, it does not matter what else is wrong.
  const placed = [...secrets, ...shape.filter(({ place }) => !isIn(secrets, place))]
  const complete = Check(fileSchema, filled) ? filled : undefined
  const pruned = Clone(filled)
  prune(
    pruned,
    placed.map(({ place }) => place),
  )
  // The schema has taken out whatever is not of its types.
  const partly = (isFields(pruned) ? pruned : {}) as Partly<FileSettings>

  const findings = [
    ...read.mistakes,
    ...webhook.mistakes,
    ...checkTls(environment),
    ...placed.map(({ mistake }) => mistake),
    ...checkSettings(partly, facts),
  ].map((found) => ({ ...found, path: variables.get(found.path) ?? found.path }))
  const mistakes = findings.filter((found) => !isWarning(found))
  const warnings = findings.filter(isWarning)
  if (mistakes.length > 0 || complete === undefined)
    throw new AdminError('CONFIGURATION_INVALID', { file, mistakes, warnings })
  const config = frozen(toConfig(complete, databaseUrl, webhook.secret))
  return Object.freeze({ config, warnings: frozen(warnings), file })
}

const isIn = (found: readonly Placed[], place: Place) =>
  found.some((other) => JSON.stringify(other.place) === JSON.stringify(place))

function toConfig(
  settings: FileSettings,
  databaseUrl: string | undefined,
  secret: WebhookSecret | undefined,
): Config {
  const { network, functions, http, webhooks } = settings
  const rules = Object.entries(functions).map(([name, { recipients, ...others }]) => {
    if (recipients === undefined) return [name, others] as const
    const pattern = 'pattern' in recipients ? { pattern: anchored(recipients.pattern) } : recipients
    return [name, { ...others, recipients: pattern }] as const
  })
  const loopback = http.host.includes(':') ? `[${http.host}]` : http.host
  return {
    ...settings,
    network: {
      ...network,
      contracts: { ...standardContracts[network.chainId], ...network.contracts },
    },
    functions: Object.fromEntries(rules),
    database: databaseUrl === undefined ? settings.database : { url: databaseUrl },
    http: {
      ...http,
      publicUrl: new URL(http.publicUrl ?? `http://${loopback}:${http.port}`).origin,
    },
    webhooks: {
      allow: webhooks.allow.map((origin) => new URL(origin).origin),
      ...(secret?.value === undefined ? {} : { secret: secret.value }),
    },
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}
