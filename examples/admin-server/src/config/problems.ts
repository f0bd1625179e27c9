/** Every mistake that a configuration can have: an id, what is wrong, what to do. No value is shown. @module */

import { looksLikeSecret } from './forms.ts'

/** Problem and remedy of each id. */
const sentences = {
  // The file
  FILE_UNREADABLE: [
    'The configuration file cannot be read.',
    'Name a readable file with --config or ADMIN_SERVER_CONFIG.',
  ],
  FILE_TOO_LARGE: ['The file is larger than 1 MiB.', 'Name the configuration file.'],
  FILE_WRITABLE_BY_ALL: [
    'Every user of this machine can change the file.',
    'Take that right away: chmod o-w.',
  ],
  FILE_NOT_JSON: [
    'The file is not JSON.',
    'Mend its text; JSON knows no comments and no comma before a closing bracket.',
  ],
  FILE_TOO_DEEP: [
    'The file has more brackets inside each other than any configuration.',
    'Name the configuration file.',
  ],
  FIELD_TWICE: ['The field stands there twice.', 'Leave one of them.'],
  // Shape
  UNKNOWN_FIELD: ['There is no such field.', 'Remove it, or mend its name.'],
  MISSING: ['The field is missing.', 'Add it.'],
  WRONG_TYPE: ['The value has the wrong type.', 'Write another value.'],
  OUT_OF_RANGE: ['The value is out of range.', 'Write another value.'],
  NOT_ONE_OF: ['The value is none of those that are known.', 'Write another value.'],
  NO_KNOWN_FORM: ['The value has none of the known forms.', 'Write another value.'],
  DUPLICATE: ['The value stands there twice.', 'Leave one of them.'],
  // Secrets
  PRIVATE_KEY: [
    'This looks like a private key, and is not shown. It is no longer secret: it stands in a file.',
    'Remove it and replace that key. Keys stay in KMS; the configuration holds their ids.',
  ],
  SECRET_IN_FILE: [
    'This looks like a password, a token or another secret, and is not shown.',
    'Remove it and replace that secret. Secrets come by DATABASE_URL, WEBHOOK_SECRET or WEBHOOK_SECRET_FILE.',
  ],
  // Network
  URL_INVALID: ['This is not an http or https URL.', 'Write one, such as https://host.example.'],
  URL_WITH_CREDENTIALS: [
    'The URL holds a user name or a password; it is not shown.',
    'Remove them.',
  ],
  NOT_HTTPS: ['Whoever is in between could read and change what is sent.', 'Write https://.'],
  TLS_UNVERIFIED: [
    'Node.js would talk to anybody who claims to be AWS, an access node or the database.',
    'Unset it; name a CA of your own with NODE_EXTRA_CA_CERTS.',
  ],
  NOT_AN_ORIGIN: [
    'This is more than an origin.',
    'Leave scheme, host and port, without a path: https://host.example.',
  ],
  NETWORK_MIXED: [
    'This belongs to another network than network.chainId.',
    'Write that of the same network.',
  ],
  ADDRESS_INVALID: [
    'This is not an address.',
    'Write 0x and 16 digits of 0-9 and a-f, lower case, not all zero.',
  ],
  EXPIRY_NOT_600: [
    'Testnet and mainnet refuse a transaction 600 blocks after its reference block; another number could mint twice.',
    'Remove network.transactionExpiry.',
  ],
  CONTRACT_NAME_INVALID: [
    'This is not the name of a contract.',
    'Write the name as Cadence imports it, such as DropNFT.',
  ],
  REGION_INVALID: ['This is not an AWS Region.', 'Write one, such as eu-central-1.'],
  // Keys
  KEY_ID_INVALID: [
    'This is not the id of a KMS key.',
    'Write a key id, a key ARN, alias/<name> or an alias ARN.',
  ],
  KEY_TWICE: [
    'The same KMS key stands above already.',
    'Leave one: a key counts once, whatever it is called.',
  ],
  APPROVERS_EMPTY: [
    'Nobody could approve, so the key would never sign.',
    'Name at least one approver, or write "automatic".',
  ],
  NAME_INVALID: [
    'This is not the name of a principal.',
    'Write 1 to 128 characters of a-z, A-Z, 0-9 and ._@:|/+-.',
  ],
  NAME_RESERVED: ['The audit trail calls the server itself so.', 'Take another name.'],
  APPROVER_TWICE: [
    'This approver stands for another key already: one person could meet two rules.',
    'Name each approver for one key only.',
  ],
  NAMES_CONFUSABLE: [
    'Another approver has this name in other upper and lower case: people would take one for the other.',
    'Take names that differ by more.',
  ],
  // Functions
  FUNCTION_UNKNOWN: ['The server has no function of this name.', 'Mend the name, or remove it.'],
  LIMITS_NOT_ORDERED: [
    'The limit is smaller than one that is meant to be tighter, which then never counts.',
    'Order them: per request, at most that per day, at most that in all.',
  ],
  PATTERN_INVALID: [
    'This is not a pattern of addresses.',
    'Use only 0-9 a-f x . [ ] ( | ) and {1} to {18}, 200 characters at most; it has to match the whole address.',
  ],
  // HTTP
  PUBLIC_URL_MISSING: [
    'Others than this machine can reach the server, and it does not know under which URL.',
    'Write http.publicUrl or set PUBLIC_URL.',
  ],
  PUBLIC_URL_PORT: [
    'The public URL is on this machine, but names another port than the server listens on.',
    'Write the same port, unless something forwards it.',
  ],
  HOST_INVALID: [
    'This is not a host to listen on.',
    'Write an IP address or a host name, such as 127.0.0.1.',
  ],
  HOST_OPEN: [
    'The server would take plain HTTP from every network that reaches it.',
    'Listen on 127.0.0.1, or name the proxies in http.trustedProxies or the callers in http.allowedNetworks.',
  ],
  PROXIES_MISSING: [
    'Somebody ends TLS before the server, and it does not know who: all callers have one address, with one limit for all of them.',
    'Name the addresses of your proxies in http.trustedProxies.',
  ],
  CIDR_INVALID: [
    'This is not a CIDR range.',
    'Write one, such as 10.0.0.0/8 or 2001:db8::/32, without address bits behind the prefix.',
  ],
  PROXIES_TOO_WIDE: [
    'Whoever calls could claim any address by X-Forwarded-For.',
    'Name only the addresses of your proxies.',
  ],
  // OIDC, webhooks, audit
  CLAIM_INVALID: ['This is not a value of a claim.', 'Write 1 to 200 printable ASCII characters.'],
  SECRET_MISSING: [
    'Webhooks are allowed, but there is no secret to sign them with.',
    'Set WEBHOOK_SECRET or WEBHOOK_SECRET_FILE: 32 bytes or more, for example by openssl rand -base64 32.',
  ],
  SECRET_TOO_SHORT: [
    'The secret has fewer than 32 bytes.',
    'Make another one, for example by openssl rand -base64 32.',
  ],
  WEBHOOK_NOT_ALLOWED: [
    'This is no URL of an origin in webhooks.allow.',
    'Write one of those origins with a path, and put the origin on that list.',
  ],
  SECRET_TWICE: ['There are two secrets.', 'Set WEBHOOK_SECRET or WEBHOOK_SECRET_FILE, not both.'],
  SECRET_FILE_UNREADABLE: [
    'The file of the secret cannot be read; its name is not shown.',
    'Name a readable file of at most 4 KiB.',
  ],
  BUCKET_INVALID: [
    'This is not the name of a bucket.',
    'Write 3 to 63 characters of a-z, 0-9, dots and hyphens.',
  ],
  // Database
  FOLDER_INVALID: [
    'This is not a folder: what is kept elsewhere would be lost, and minted twice.',
    'Write the path of a folder. For a server that is shared, set DATABASE_URL.',
  ],
  DATABASE_URL_INVALID: [
    'This is not the URL of a PostgreSQL database; it is not shown.',
    'Write postgresql://user:password@host/database?sslmode=verify-full.',
  ],
  DATABASE_NOT_VERIFIED: [
    'The connection would not be encrypted, or would not check whom it talks to.',
    'Add sslmode=verify-full, and leave ssl and uselibpqcompat out.',
  ],
  RELAY_LEASE_SHORT: [
    'Processes would take work from each other that is under way.',
    'Write at least four times relay.pollMs.',
  ],
  // Warnings
  ALL_AUTOMATIC: [
    'No key waits for a person: whoever may ask, mints.',
    'Give some of the weight to keys with approvers, unless that is meant.',
  ],
  NO_ANCHOR: [
    'Nothing outside the database keeps the head of the audit trail: who can write to the database could write all of it anew.',
    'Name audit.anchor.',
  ],
  ANCHOR_BESIDE_DATABASE: [
    'The anchor lies in the folder of the database: who can change one can change the other.',
    'Put it on another disk, or into a bucket with a retention lock.',
  ],
  ANCHOR_UNWRITABLE: [
    'The file of the anchor cannot be written, so that nothing would be anchored.',
    'Name a file whose folder this user may write or make, on a disk that is there.',
  ],
  SSLMODE_UNCLEAR: [
    'The driver takes this sslmode for verify-full today, and may not tomorrow.',
    'Write sslmode=verify-full.',
  ],
} as const satisfies Record<string, readonly [problem: string, remedy: string]>

/** The id of each problem. */
export type ProblemId = keyof typeof sentences

/** All ids; `Object.keys` of a constant has no others. */
export const problemIds: readonly ProblemId[] = Object.keys(sentences) as ProblemId[]

/** One mistake, or one warning. Holds no value of the configuration. */
export type Mistake = {
  readonly id: ProblemId
  /** `account.keys[0].key`, the name of an environment variable, or `(file)`. */
  readonly path: string
  readonly problem: string
  readonly remedy: string
}

/** Steps from the top to a value. */
export type Place = readonly (string | number)[]

const warnings: ReadonlySet<ProblemId> = new Set<ProblemId>([
  'ALL_AUTOMATIC',
  'NO_ANCHOR',
  'ANCHOR_BESIDE_DATABASE',
  'ANCHOR_UNWRITABLE',
  'SSLMODE_UNCLEAR',
  'PUBLIC_URL_PORT',
  'PROXIES_MISSING',
])

/** Whether the server starts nevertheless. */
export const isWarning = ({ id }: { readonly id: ProblemId }): boolean => warnings.has(id)

/**
 * @param place - Where; a text is taken as it is.
 * @param more - What is known beyond the sentences: never a value of the configuration.
 */
export function mistake(
  id: ProblemId,
  place: Place | string,
  more: { readonly problem?: string; readonly remedy?: string } = {},
): Mistake {
  const [problem, remedy] = sentences[id]
  const path = typeof place === 'string' ? place : pathOf(place)
  return { id, path, problem: more.problem ?? problem, remedy: more.remedy ?? remedy }
}

/** `account.keys[0].key`. A step that could be anything but a name is not shown. */
export function pathOf(place: Place): string {
  const step = (name: string | number) =>
    typeof name === 'number'
      ? `[${name}]`
      : /^[A-Za-z0-9._:/-]{1,40}$/.test(name) && !looksLikeSecret(name)
        ? `.${name}`
        : '.(not shown)'
  return place.map(step).join('').replace(/^\./, '') || '(file)'
}
