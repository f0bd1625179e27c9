/** The configuration file as a schema: its fields, bounds and defaults. @module */

import { type Static, type TSchema, Type } from 'typebox'
import { roles } from '../access/principal.ts'

/** Chains that the server knows. */
export const chainIds = ['flow-mainnet', 'flow-testnet', 'flow-emulator'] as const

const grouped = (value: number) => value.toLocaleString('en-US')

/** Descriptions complete the sentence "Write …" of a remedy. */
function whole(minimum: number, maximum: number, of = '', fallback?: number) {
  const description = `a whole number${of} from ${grouped(minimum)} to ${grouped(maximum)}`
  const options = { minimum, maximum, description }
  return Type.Integer(fallback === undefined ? options : { ...options, default: fallback })
}

function text(what: string, maxLength = 500, fallback?: string) {
  const options = { minLength: 1, maxLength, description: `${what}, as a text` }
  return Type.String(fallback === undefined ? options : { ...options, default: fallback })
}

function oneOf<const V extends readonly string[]>(values: V, fallback?: V[number]) {
  const options = { enum: [...values], description: `one of ${values.join(', ')}` }
  // JSON Schema's enum, whose texts TypeBox would forget.
  return Type.Unsafe<V[number]>(
    fallback === undefined ? options : { ...options, default: fallback },
  )
}

const list = <T extends TSchema>(items: T, minItems: number, maxItems: number, what: string) =>
  Type.Array(items, { minItems, maxItems, description: `a list of ${what}` })

const listOrEmpty = <T extends TSchema>(items: T, maxItems: number, what: string) =>
  Type.Array(items, { maxItems, description: `a list of ${what}`, default: [] })

const fields = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, description: 'an object' })

/** An object that may be left out, since each of its fields may be. */
const section = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, description: 'an object', default: {} })

const amount = whole(1, 1_000_000_000)
const role = oneOf(roles)
const minutes = whole(1, 1_440, ' of minutes')

const keyRule = Type.Union(
  [
    Type.Literal('automatic'),
    // An empty list has a sentence of its own: see `checkAccount`.
    fields({ approvers: list(text('a name', 200), 0, 100, 'names') }),
  ],
  { description: '"automatic", or {"approvers": [names]}' },
)

const recipients = Type.Union(
  [
    fields({ allow: list(text('an address', 100), 1, 10_000, 'addresses') }),
    fields({ pattern: text('a pattern', 500) }),
  ],
  { description: 'either {"allow": [addresses]} or {"pattern": text}' },
)

const anchor = Type.Union(
  [
    fields({ file: text('a path'), everyMinutes: minutes }),
    fields({
      bucket: text('the name of a bucket', 100),
      prefix: Type.String({ maxLength: 500, description: 'a text, which may be empty' }),
      retainDays: whole(1, 36_500, ' of days'),
      everyMinutes: minutes,
    }),
  ],
  {
    description:
      'either {"file", "everyMinutes"} or {"bucket", "prefix", "retainDays", "everyMinutes"}',
  },
)

const functionRules = Type.Object(
  {
    roles: Type.Array(role, {
      minItems: 1,
      uniqueItems: true,
      description: 'a list of roles, at least one',
      default: ['requester'],
    }),
    maxAmountPerRequest: Type.Optional(amount),
    maxAmountPerDay: Type.Optional(amount),
    maxAmountInAll: Type.Optional(amount),
    recipients: Type.Optional(recipients),
    maxComputeLimit: Type.Optional(whole(1, 9_999)),
  },
  // The default lets those of the fields be filled in; a record never lacks a value.
  { additionalProperties: false, description: 'an object', default: {} },
)

/** JSON Schema of the file. Defaults are filled in first, so what has one is required here. */
export const fileSchema = fields({
  network: fields({
    chainId: oneOf(chainIds),
    accessNodes: list(text('a URL'), 1, 8, '1 to 8 URLs'),
    contracts: Type.Record(Type.String(), text('an address', 100), {
      description: 'an object of names and addresses',
    }),
    transactionExpiry: whole(1, 100_000, ' of blocks', 600),
  }),
  aws: fields({ region: text('a Region', 50), endpoint: Type.Optional(text('a URL')) }),
  account: fields({
    address: text('an address', 100),
    keys: list(
      fields({
        key: text('the id of a KMS key', 2_048),
        successor: Type.Optional(text('the id of a KMS key', 2_048)),
        signs: keyRule,
      }),
      1,
      1_000,
      '1 to 1,000 keys',
    ),
  }),
  approvals: section({
    validMinutes: whole(1, 43_200, ' of minutes', 1_440),
    requestMinutes: whole(1, 525_600, ' of minutes', 10_080),
  }),
  functions: Type.Record(Type.String(), functionRules, {
    minProperties: 1,
    description: 'an object that names at least one function',
  }),
  database: section({ folder: text('a path', 1_000, 'admin-server-data') }),
  http: section({
    host: text('a host', 255, '127.0.0.1'),
    port: whole(1, 65_535, '', 8_080),
    publicUrl: Type.Optional(text('a URL')),
    trustedProxies: listOrEmpty(text('a CIDR range', 100), 100, 'up to 100 CIDR ranges'),
    allowedNetworks: listOrEmpty(text('a CIDR range', 100), 1_000, 'up to 1,000 CIDR ranges'),
    requestsPerSecond: section({
      token: whole(1, 100_000, '', 50),
      address: whole(1, 100_000, '', 100),
      all: whole(1, 100_000, '', 1_000),
    }),
    requestSignatures: oneOf(['off', 'approvals', 'changes'], 'off'),
    maxConnections: whole(1, 100_000, '', 1_000),
    maxConnectionsPerAddress: whole(1, 100_000, '', 100),
    sessionMinutes: whole(1, 1_440, ' of minutes', 60),
  }),
  oidc: Type.Optional(
    fields({
      issuer: text('a URL'),
      audience: text('an audience', 200),
      jwksUrl: text('a URL'),
      rolesClaim: text('the name of a claim', 200),
      roles: Type.Record(Type.String(), role, {
        minProperties: 1,
        description: 'an object of claim values and roles, at least one',
      }),
    }),
  ),
  webhooks: section({ allow: listOrEmpty(text('an origin'), 100, 'up to 100 origins') }),
  audit: section({
    anchor: Type.Optional(anchor),
    reconciliation: Type.Optional(
      fields({
        everyMinutes: whole(1, 1_440, ' of minutes', 15),
        webhookUrl: Type.Optional(text('a URL', 2_048)),
      }),
    ),
  }),
  relay: section({
    sendsPerSecond: whole(1, 10_000, '', 50),
    kmsRequestsPerSecond: whole(1, 10_000, '', 300),
    maxOpenJobs: whole(1, 10_000_000, '', 100_000),
    batchWaitMs: whole(1, 60_000, ' of milliseconds', 50),
    leaseMs: whole(500, 600_000, ' of milliseconds', 3_000),
    pollMs: whole(20, 60_000, ' of milliseconds', 250),
  }),
  log: section({ level: oneOf(['debug', 'info', 'warn', 'error'], 'info') }),
})

/** The file with its defaults. */
export type FileSettings = Static<typeof fileSchema>
