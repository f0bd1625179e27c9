#!/usr/bin/env node
/** The command: `serve`, `tokens`, `audit`, `migrate`. The only file that prints or exits. @module */

import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isAddressOfChain } from 'fcl-kms/policy'
import { lookAlikesOf } from './access/look-alike.ts'
import { isPrincipalName, isRole, roles } from './access/principal.ts'
import { createToken, listTokens, revokeToken } from './access/tokens.ts'
import type { AuditVerification } from './audit/audit.ts'
import { createAudit } from './audit/chain.ts'
import {
  type Anchors,
  anchorsOfFile,
  configuredAnchors,
  verificationLines,
  verifyFile,
} from './audit/command.ts'
import { exportAudit } from './audit/export.ts'
import { DEFAULT_CONFIG, type LoadedConfig, loadConfig } from './config/load.ts'
import { reportConfig } from './config/report.ts'
import { type Database, openDatabase } from './database/database.ts'
import { migrate } from './database/migrate.ts'
import { functionTemplates } from './functions/index.ts'
import { endOnFaults } from './observability/faults.ts'
import { createLog } from './observability/log.ts'
import { startServer } from './server.ts'
import { failureLines, printable } from './terminal.ts'

const usage = `Usage:
  main.js [serve] [--config FILE] [--check]        start; --check only reads the configuration
  main.js tokens create --principal NAME --role ROLE… [--days 90] [--description TEXT]
  main.js tokens list
  main.js tokens revoke ID
  main.js audit verify [--export FILE] [--anchors FILE]
                                                   the database, or a file of audit export
  main.js audit export                             JSON Lines to stdout
  main.js migrate

ROLE is one of ${roles.join(', ')}. FILE defaults to $ADMIN_SERVER_CONFIG, then admin-server.json.`

const say = (text: string) => process.stdout.write(`${text}\n`)
const complain = (text: string) => process.stderr.write(`${text}\n`)

const options = {
  config: { type: 'string' },
  check: { type: 'boolean', default: false },
  principal: { type: 'string' },
  role: { type: 'string', multiple: true },
  days: { type: 'string', default: '90' },
  description: { type: 'string', default: 'made by the command' },
  export: { type: 'string' },
  anchors: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = ReturnType<typeof readArguments>['values']

function readArguments() {
  return parseArgs({ options, allowPositionals: true })
}

/** After it says that it is not ready, until it takes no more calls: for balancers to look. */
const NOTICE_MS = 1_000

/** @returns The exit code. */
async function main(): Promise<number> {
  const { values, positionals } = readArguments()
  const command = positionals.slice(0, 2).join(' ')
  if (values.help) {
    say(usage)
    return 0
  }
  if (command === 'audit verify' && values.export !== undefined) {
    const anchors = await anchorsOf(values)
    return tellVerification(await verifyFile(values.export, anchors), anchors)
  }
  const commands: Record<string, (loaded: LoadedConfig) => Promise<number>> = {
    '': (loaded) => serve(loaded, values),
    serve: (loaded) => serve(loaded, values),
    migrate: (loaded) => withDatabase(loaded, async () => 0),
    'tokens create': (loaded) => withDatabase(loaded, (base) => makeToken(base, values, loaded)),
    'tokens list': (loaded) => withDatabase(loaded, printTokens),
    'tokens revoke': (loaded) => withDatabase(loaded, (base) => endToken(base, positionals[2])),
    'audit verify': (loaded) => withDatabase(loaded, (base) => verify(base, loaded, values)),
    'audit export': (loaded) => withDatabase(loaded, printAudit),
  }
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined
  if (run === undefined) {
    complain(usage)
    return 2
  }
  return run(loadSettings(values))
}

const loadSettings = (values: Values): LoadedConfig =>
  loadConfig({
    path: values.config,
    environment: process.env,
    knownFunctions: functionTemplates.map(({ name }) => name),
    isAddressOfChain,
  })

async function serve(loaded: LoadedConfig, { check }: Values): Promise<number> {
  const { config } = loaded
  if (check) {
    for (const line of reportConfig(loaded)) say(printable(line))
    return 0
  }
  const log = createLog(config.log)
  for (const { path, problem, remedy } of loaded.warnings)
    log.warn({ path, problem, remedy }, 'configuration')
  endOnFaults(log)
  const server = await startServer({ config, log, version: ownVersion() })
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => resolve(name))
  })
  log.info({ signal }, 'stopping')
  await server.close({ noticeMs: NOTICE_MS })
  log.info('stopped')
  return 0
}

async function withDatabase(
  { config }: LoadedConfig,
  work: (database: Database) => Promise<number>,
): Promise<number> {
  const database = await openDatabase(config.database)
  try {
    await migrate(database)
    return await work(database)
  } finally {
    await database.close()
  }
}

async function makeToken(
  database: Database,
  values: Values,
  { config }: LoadedConfig,
): Promise<number> {
  const { principal, role = [], description } = values
  const days = Number(values.days)
  if (!isPrincipalName(principal) || role.length === 0 || !role.every(isRole)) {
    complain(`tokens create needs --principal and --role.\n\n${usage}`)
    return 2
  }
  const approvers = config.account.keys.flatMap(({ signs }) =>
    signs === 'automatic' ? [] : signs.approvers,
  )
  const others = (await listTokens(database)).map((token) => token.principal)
  for (const other of lookAlikesOf(principal, [...approvers, ...others]))
    complain(`Warning: ${principal} looks like ${other}, and is somebody else to the server.`)
  const made = await database.transaction(async (session) => {
    const createdBy = 'server'
    const token = await createToken(session, {
      principal,
      roles: role,
      description,
      days,
      createdBy,
    })
    await createAudit(database).append(session, [
      {
        kind: 'token',
        actor: 'server',
        requestIds: [],
        facts: { made: token.id, principal, roles: role, days },
      },
    ])
    return token
  })
  complain(`${made.id} for ${principal}, shown this once:`)
  say(made.token)
  return 0
}

async function printTokens(database: Database): Promise<number> {
  for (const { id, principal, roles: held, expiresAt, revokedAt } of await listTokens(database))
    say(
      [
        id,
        principal,
        held.join('+'),
        new Date(expiresAt).toISOString(),
        revokedAt === null ? '' : 'revoked',
      ].join('\t'),
    )
  return 0
}

async function endToken(database: Database, id: string | undefined): Promise<number> {
  if (id === undefined) {
    complain(usage)
    return 2
  }
  const revoked = await database.transaction(async (session) => {
    const done = await revokeToken(session, id)
    if (done)
      await createAudit(database).append(session, [
        { kind: 'token', actor: 'server', requestIds: [], facts: { revoked: id } },
      ])
    return done
  })
  if (!revoked) complain(`There is no token ${id} that could be revoked.`)
  return revoked ? 0 : 1
}

async function verify(database: Database, { config }: LoadedConfig, { anchors: file }: Values) {
  const anchors = await (file === undefined ? configuredAnchors(config) : anchorsOfFile(file))
  const found = await createAudit(database).verify(anchors === undefined ? {} : { anchors })
  return tellVerification(found, anchors)
}

/** An export is verified anywhere: without a configuration too, which then names no anchors. */
async function anchorsOf(values: Values): Promise<Anchors> {
  if (values.anchors !== undefined) return anchorsOfFile(values.anchors)
  const isNamed = Boolean(values.config || process.env['ADMIN_SERVER_CONFIG'])
  if (!isNamed && !existsSync(DEFAULT_CONFIG)) return undefined
  return configuredAnchors(loadSettings(values).config)
}

function tellVerification(found: AuditVerification, anchors: Anchors): number {
  for (const line of verificationLines(found, anchors)) (found.intact ? say : complain)(line)
  return found.intact ? 0 : 1
}

async function printAudit(database: Database): Promise<number> {
  for await (const line of exportAudit(createAudit(database))) process.stdout.write(line)
  return 0
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version }: { version?: unknown } = JSON.parse(text)
  return typeof version === 'string' ? version : '0.0.0'
}

try {
  process.exitCode = await main()
} catch (thrown) {
  for (const line of failureLines(thrown)) complain(line)
  process.exitCode = 1
}
