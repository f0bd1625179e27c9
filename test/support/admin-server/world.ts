/** Real parts for the admin server: a chain with DropNFT, keys in KMS, an account of weighted keys. @module */

import { randomBytes } from 'node:crypto'
import { KMSClient } from '@aws-sdk/client-kms'
import type { Role } from '../../../examples/admin-server/src/access/principal.ts'
import { createToken } from '../../../examples/admin-server/src/access/tokens.ts'
import type { Config, KeyRule } from '../../../examples/admin-server/src/config/config.ts'
import { createLog } from '../../../examples/admin-server/src/observability/log.ts'
import { type AdminServer, startServer } from '../../../examples/admin-server/src/server.ts'
import { KmsAuthorizer } from '../../../src/index.ts'
import {
  addProposalKeys,
  createAccount,
  createKey,
  emulatorPayer,
} from '../../../src/provisioning/index.ts'
import { freePorts } from '../../../src/testing/child-server.ts'
import { type Aws, startAws } from '../../../src/testing/index.ts'
import { readCadence, standardContracts } from '../cadence.ts'
import { type FlowChain, startChain } from '../flow-chain.ts'

/** A key of the account and its rule. */
export type WorldKey = { readonly weight: number; readonly signs: KeyRule }

/** 500 automatic and 500 that one of two approvers stands for. */
export const twoKeys: readonly WorldKey[] = [
  { weight: 500, signs: 'automatic' },
  { weight: 500, signs: { approvers: ['alice', 'bob'] } },
]

/** 400, 300 and 300, each with an approver of its own. */
export const threeKeys: readonly WorldKey[] = [
  { weight: 400, signs: { approvers: ['alice'] } },
  { weight: 300, signs: { approvers: ['bob'] } },
  { weight: 300, signs: { approvers: ['carol'] } },
]

/** What every account needs that the server works with. */
export type AdminChain = {
  readonly chain: FlowChain
  readonly aws: Aws
  readonly kms: KMSClient
  /** Keys in KMS, an account of them with DropNFT, proposal keys, and a holder of a collection. */
  readonly createTreasury: (keys: readonly WorldKey[], copies?: number) => Promise<Treasury>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** An account, and the configuration that goes with it. */
export type Treasury = {
  readonly address: string
  readonly recipient: string
  readonly authorizer: KmsAuthorizer
  readonly aliases: readonly string[]
  readonly config: Config
}

/** The SDK of the server takes its credentials from the environment, as in production. */
const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

export async function startAdminChain({ blockTimeMs = 250 } = {}): Promise<AdminChain> {
  Object.assign(process.env, credentials)
  const [chain, aws] = await Promise.all([
    startChain({ transactionExpiry: 600, blockTimeMs }),
    startAws({ services: ['kms', 'sts', 'iam', 's3', 'cloudtrail'] }),
  ])
  const kms = new KMSClient(aws.clientConfig())
  let count = 0

  async function createTreasury(keys: readonly WorldKey[], copies = 10): Promise<Treasury> {
    count += 1
    const aliases = keys.map((_, index) => `alias/treasury-${count}-${index}`)
    const made = await Promise.all(aliases.map((alias) => createKey({ client: kms, alias })))
    const payer = await emulatorPayer({ accessNode: chain.url })
    const { address } = await createAccount({
      accessNode: chain.url,
      payer,
      keys: made.map(({ publicKey, signatureAlgorithm }, index) => ({
        publicKey,
        signatureAlgorithm,
        weight: keys[index]?.weight ?? 0,
      })),
    })
    const authorizer = new KmsAuthorizer(kms, aliases, { accessNode: chain.url })
    await addProposalKeys({ accessNode: chain.url, address, authorizer, count: copies })
    const contracts = { ...standardContracts('emulator'), DropNFT: address }
    const cadenceOf = (path: string) => readCadence(path, contracts)
    const authz = authorizer.authorize(address)
    await expectSealed(chain, {
      cadence: cadenceOf('transactions/deploy-contract.cdc'),
      args: (arg, t) => [
        arg('DropNFT', t['String']),
        arg(cadenceOf('contracts/DropNFT.cdc'), t['String']),
      ],
      authz,
    })
    // The treasury holds a collection too: what it mints to itself it can transfer.
    const cadence = cadenceOf('transactions/setup-collection.cdc')
    await expectSealed(chain, { cadence, authz })
    const config = configOf(chain, aws, address, aliases, keys, contracts)
    return { address, recipient: address, authorizer, aliases, config }
  }

  return {
    chain,
    aws,
    kms,
    createTreasury,
    async [Symbol.asyncDispose]() {
      kms.destroy()
      await Promise.all([chain[Symbol.asyncDispose](), aws.stop()])
    },
  }
}

type Mutation = Parameters<FlowChain['send']>[0]

async function expectSealed(chain: FlowChain, mutation: Mutation): Promise<void> {
  const { errorMessage } = await chain.send(mutation)
  if (errorMessage !== '') throw new Error(errorMessage)
}

const withPrefix = (contracts: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(contracts).map(([name, address]) => [name, `0x${address.replace(/^0x/, '')}`]),
  )

function configOf(
  chain: FlowChain,
  aws: Aws,
  address: string,
  aliases: readonly string[],
  keys: readonly WorldKey[],
  contracts: Readonly<Record<string, string>>,
): Config {
  const roles: readonly Role[] = ['requester']
  return {
    network: {
      chainId: 'flow-emulator',
      accessNodes: [chain.url],
      contracts: withPrefix(contracts),
      transactionExpiry: 600,
    },
    aws: { region: aws.region, endpoint: aws.endpoint },
    account: {
      address,
      keys: aliases.map((key, index) => ({ key, signs: keys[index]?.signs ?? 'automatic' })),
    },
    approvals: { validMinutes: 60, requestMinutes: 120 },
    functions: {
      mint: { roles },
      transfer: { roles },
      'create-custodial-account': { roles },
      'add-proposal-keys': { roles: ['operator'] },
    },
    database: { folder: 'memory://' },
    http: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'http://127.0.0.1:8080',
      trustedProxies: [],
      allowedNetworks: [],
      requestsPerSecond: { token: 10_000, address: 10_000, all: 10_000 },
      requestSignatures: 'off',
      maxConnections: 1_000,
      maxConnectionsPerAddress: 1_000,
      sessionMinutes: 60,
    },
    webhooks: { allow: [] },
    audit: {},
    relay: {
      sendsPerSecond: 500,
      kmsRequestsPerSecond: 1_000,
      maxOpenJobs: 100_000,
      batchWaitMs: 20,
      leaseMs: 3_000,
      pollMs: 50,
    },
    log: { level: 'error' },
  }
}

/** A server in this process, with callers. */
export type TestServer = AdminServer & {
  /** Calls it with a token of this principal and these roles. */
  readonly caller: (principal: string, ...roles: readonly Role[]) => Promise<Caller>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Calls as one principal. */
export type Caller = {
  readonly token: string
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Headers,
  ) => Promise<Answer>
}

type Headers = Readonly<Record<string, string>>

/** What came back. The body is what the caller expects it to be. */
export type Answer = {
  readonly status: number
  readonly headers: globalThis.Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it expects.
  readonly body: any
}

/** On a free port, with the public URL that goes with it. */
export async function startTestServer(
  config: Config,
  change: Partial<Config> = {},
): Promise<TestServer> {
  const [port = 0] = await freePorts(1)
  const http = { ...config.http, ...change.http, port, publicUrl: `http://127.0.0.1:${port}` }
  const server = await startServer({
    config: { ...config, ...change, http },
    log: createLog(config.log),
    version: '0.0.0',
  })
  return {
    ...server,
    async caller(principal, ...roles) {
      const { database } = server.context
      const made = { principal, roles, description: 'test', days: 1, createdBy: 'test' }
      const { token } = await createToken(database, made)
      return { token, call: callAs(server.url, token) }
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** @param token - None: as nobody. */
export function callAs(url: string, token?: string): Caller['call'] {
  return async (method, path, body, headers = {}) => {
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': randomBytes(12).toString('hex') } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    const isJson = /json$|json;/.test(reply.headers.get('content-type') ?? '')
    return { status: reply.status, headers: reply.headers, body: isJson ? JSON.parse(text) : text }
  }
}

/** What a mint needs. */
export const mintOf = (recipient: string, name = 'Ticket') => ({
  recipient,
  name,
  description: '',
  thumbnail: 'https://example.com/1.png',
})
