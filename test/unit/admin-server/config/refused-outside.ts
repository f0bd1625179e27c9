/** What is wrong with doors, storage and secrets. @module */

import type { Loose, Refused } from './support.ts'

const secret = { WEBHOOK_SECRET: 'w'.repeat(40) }
const PRIVATE = 'c0ffee00'.repeat(8)

const http = (fields: object) => (s: Loose) => Object.assign(s, { http: fields })

export const doors: readonly Refused[] = [
  {
    id: 'a public URL over http',
    change: http({ publicUrl: 'http://mint.example.com' }),
    expected: 'NOT_HTTPS http.publicUrl',
  },
  {
    id: 'a public URL with a path',
    change: http({ publicUrl: 'https://mint.example.com/admin' }),
    expected: 'NOT_AN_ORIGIN http.publicUrl',
  },
  {
    id: 'a public URL that is none',
    change: http({ publicUrl: 'mint.example.com' }),
    expected: 'URL_INVALID http.publicUrl',
  },
  {
    id: 'every network without a word on who may call',
    change: http({ host: '0.0.0.0', publicUrl: 'https://mint.example.com' }),
    expected: 'HOST_OPEN http.host',
  },
  {
    id: 'every IPv6 network likewise',
    change: http({ host: '::', publicUrl: 'https://mint.example.com' }),
    expected: 'HOST_OPEN http.host',
  },
  {
    id: 'a host that is none',
    change: http({ host: '127.0.0.256' }),
    expected: 'HOST_INVALID http.host',
  },
  {
    id: 'another host with a public URL that is a number',
    change: http({ host: '10.0.0.7', allowedNetworks: ['10.0.0.0/8'], publicUrl: 443 }),
    expected: 'WRONG_TYPE http.publicUrl',
  },
  {
    id: 'another host without a public URL',
    change: http({ host: '10.0.0.7', allowedNetworks: ['10.0.0.0/8'] }),
    expected: 'PUBLIC_URL_MISSING http.publicUrl',
  },
  ...[
    '10.0.0.1',
    '10.0.0.1/8',
    '10.0.0.0/33',
    '2001:db8::1/32',
    '::/129',
    'any',
    '10.0.0.0/08',
  ].map((range) => ({
    id: `the range ${range}`,
    change: http({ allowedNetworks: ['10.0.0.0/8', range] }),
    expected: 'CIDR_INVALID http.allowedNetworks[1]',
  })),
  {
    id: 'every address as a proxy',
    change: http({ trustedProxies: ['0.0.0.0/0'] }),
    expected: 'PROXIES_TOO_WIDE http.trustedProxies[0]',
  },
  {
    id: 'an issuer over http',
    change: (s) => Object.assign(s.oidc, { issuer: 'http://login.example.com' }),
    expected: 'NOT_HTTPS oidc.issuer',
  },
  {
    id: 'keys of the issuer over http',
    change: (s) => Object.assign(s.oidc, { jwksUrl: 'http://login.example.com/keys' }),
    expected: 'NOT_HTTPS oidc.jwksUrl',
  },
  {
    id: 'a claim that means no known role',
    change: (s) => Object.assign(s.oidc.roles, { admins: 'root' }),
    expected: 'NOT_ONE_OF oidc.roles.admins',
  },
  {
    id: 'a claim with a line break',
    change: (s) => Object.assign(s.oidc.roles, { 'a\nb': 'auditor' }),
    expected: 'CLAIM_INVALID oidc.roles.(not shown)',
  },
  {
    id: 'a webhook with a path',
    change: (s) => s.webhooks.allow.push('https://hooks.example.com/mint'),
    expected: 'NOT_AN_ORIGIN webhooks.allow[1]',
  },
  {
    id: 'a webhook over http',
    change: (s) => s.webhooks.allow.push('http://169.254.169.254'),
    expected: 'NOT_HTTPS webhooks.allow[1]',
  },
  {
    id: 'a webhook twice',
    change: (s) => s.webhooks.allow.push('https://hooks.example.com'),
    expected: 'DUPLICATE webhooks.allow[1]',
  },
  ...[
    ['of an origin that is not listed', 'https://other.example.com/kms'],
    ['with another spelling of the origin', 'https://HOOKS.example.com/kms'],
    ['that is no URL', 'hooks.example.com'],
  ].map(([which, webhookUrl]) => ({
    id: `a webhook for alarms ${which}`,
    change: (s: Loose) => {
      s.audit.reconciliation = { webhookUrl }
    },
    expected: 'WEBHOOK_NOT_ALLOWED audit.reconciliation.webhookUrl',
  })),
  { id: 'webhooks without a secret', environment: {}, expected: 'SECRET_MISSING WEBHOOK_SECRET' },
  {
    id: 'a secret of 31 bytes',
    environment: { WEBHOOK_SECRET: 'x'.repeat(31) },
    expected: 'SECRET_TOO_SHORT WEBHOOK_SECRET',
  },
  {
    id: 'two secrets',
    environment: { ...secret, WEBHOOK_SECRET_FILE: '/run/secrets/webhook' },
    expected: 'SECRET_TWICE WEBHOOK_SECRET_FILE',
  },
  {
    id: 'a file of the secret that is not there',
    environment: { WEBHOOK_SECRET_FILE: '/nowhere/webhook' },
    expected: 'SECRET_FILE_UNREADABLE WEBHOOK_SECRET_FILE',
  },
]

const database = (url: string) => ({ ...secret, DATABASE_URL: url })

export const storage: readonly Refused[] = [
  {
    id: 'a database in memory',
    change: (s) => Object.assign(s, { database: { folder: 'memory://' } }),
    expected: 'FOLDER_INVALID database.folder',
  },
  {
    id: 'a bucket in upper case',
    change: (s) => Object.assign(s.audit.anchor, { bucket: 'Audit' }),
    expected: 'BUCKET_INVALID audit.anchor.bucket',
  },
  {
    id: 'a lease shorter than a few looks',
    change: (s) => Object.assign(s, { relay: { leaseMs: 999 } }),
    expected: 'RELAY_LEASE_SHORT relay.leaseMs',
  },
  ...[
    'mysql://db.example.com/a',
    'not a url',
    'postgresql:///mint',
    'postgres:mint',
    'postgresql://minter@/mint',
    'socket:/var/run/postgresql',
    'socket:?db=mint',
    'mysql://minter@/mint?host=/var/run/mysql',
  ].map((url) => ({
    id: `the database ${url}`,
    environment: database(url),
    expected: 'DATABASE_URL_INVALID DATABASE_URL',
  })),
  ...[
    '',
    '?sslmode=disable',
    '?sslmode=no-verify',
    '?sslmode=prefer',
    '?ssl=true',
    '?sslmode=verify-full&sslmode=disable',
    '?sslmode=require&uselibpqcompat=true',
    '?sslmode=verify-full&ssl=0',
  ].map((query) => ({
    id: `a remote database with "${query}"`,
    environment: database(`postgresql://me:pw@db.example.com/mint${query}`),
    expected: 'DATABASE_NOT_VERIFIED DATABASE_URL',
  })),
  {
    id: 'a remote host in the query of a database without one',
    environment: database('postgresql://minter@/mint?host=db.example.com'),
    expected: 'DATABASE_NOT_VERIFIED DATABASE_URL',
  },
  {
    id: 'a remote host in the query of a local database',
    environment: database('postgresql://localhost/mint?host=db.example.com'),
    expected: 'DATABASE_NOT_VERIFIED DATABASE_URL',
  },
  {
    id: 'TLS without verification',
    environment: { ...secret, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    expected: 'TLS_UNVERIFIED NODE_TLS_REJECT_UNAUTHORIZED',
  },
]

export const secrets: readonly Refused[] = [
  {
    id: 'the secret of webhooks in the file',
    change: (s) => Object.assign(s.webhooks, { secret: 'x'.repeat(40) }),
    expected: 'SECRET_IN_FILE webhooks.secret',
  },
  {
    id: 'the URL of the database in the file',
    change: (s) => Object.assign(s, { database: { url: 'postgresql://db.example.com/mint' } }),
    expected: 'SECRET_IN_FILE database.url',
  },
  {
    id: 'an AWS access key',
    change: (s) => Object.assign(s.aws, { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }),
    expected: 'SECRET_IN_FILE aws.accessKeyId',
  },
  {
    id: 'a password in an access node',
    change: (s) => Object.assign(s.network.accessNodes, { 1: 'https://me:pw@node.example.com' }),
    expected: 'SECRET_IN_FILE network.accessNodes[1]',
  },
  {
    id: 'a user name in an access node',
    change: (s) => Object.assign(s.network.accessNodes, { 1: 'https://me@node.example.com' }),
    expected: 'URL_WITH_CREDENTIALS network.accessNodes[1]',
  },
  {
    id: 'a token as an approver',
    change: (s) => s.account.keys[1].signs.approvers.push(`fka_${'A'.repeat(43)}`),
    expected: 'SECRET_IN_FILE account.keys[1].signs.approvers[2]',
  },
  {
    id: 'a JWT as an audience',
    change: (s) => Object.assign(s.oidc, { audience: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln' }),
    expected: 'SECRET_IN_FILE oidc.audience',
  },
  {
    id: 'a private key as the name of a field',
    change: (s) => Object.assign(s.account, { [PRIVATE]: true }),
    expected: 'PRIVATE_KEY account.(not shown)',
  },
]
