/** The approvals of the server on a database of their own: keys, time and the relay are the test's. @module */

import type { Principal, Role } from '../../../examples/admin-server/src/access/principal.ts'
import { approve, withdraw } from '../../../examples/admin-server/src/approvals/approve.ts'
import type { WeightedKey } from '../../../examples/admin-server/src/approvals/quorum.ts'
import { createAudit } from '../../../examples/admin-server/src/audit/chain.ts'
import type { Config, FunctionRules } from '../../../examples/admin-server/src/config/config.ts'
import {
  type Database,
  type DatabasePlace,
  openDatabase,
} from '../../../examples/admin-server/src/database/database.ts'
import { migrate } from '../../../examples/admin-server/src/database/migrate.ts'
import { createDecision } from '../../../examples/admin-server/src/execution/decide.ts'
import {
  type ReleasedItem,
  releaseReady,
} from '../../../examples/admin-server/src/execution/release.ts'
import { createRegistry } from '../../../examples/admin-server/src/functions/registry.ts'
import { createTransactionPolicy } from '../../../examples/admin-server/src/policy/transaction-policy.ts'
import {
  type Accepted,
  createAcceptor,
} from '../../../examples/admin-server/src/requests/accept.ts'
import {
  cancelRequest,
  expireRequests,
} from '../../../examples/admin-server/src/requests/cancel.ts'
import type { RequestContext } from '../../../examples/admin-server/src/requests/context.ts'
import {
  type RequestRow,
  requestColumns,
} from '../../../examples/admin-server/src/requests/rows.ts'
import type { TransactionPayload } from '../../../src/crypto/transaction.ts'
import { combineArguments } from '../../../src/relay/batch.ts'
import type { PolicyVerdict, Relay } from '../../../src/relay/index.ts'
import type { JobRow } from '../../../src/stores/store.ts'

/** Of the emulator: only such addresses pass the policy. */
export const treasury = '0x01cf0e2f2f715450'
export const recipient = '0x179b6b1cb6755e31'

const contracts = { DropNFT: treasury, NonFungibleToken: '0xf8d6e0586b0a20c7' }

const requesterOnly: FunctionRules = { roles: ['requester'] }

/** A configuration; what needs a chain or KMS is not used. */
export const configWith = (functions: Partial<Record<string, FunctionRules>> = {}): Config => ({
  network: {
    chainId: 'flow-emulator',
    accessNodes: ['http://127.0.0.1:8888'],
    contracts,
    transactionExpiry: 600,
  },
  aws: { region: 'us-east-1' },
  account: { address: treasury, keys: [] },
  approvals: { validMinutes: 60, requestMinutes: 120 },
  functions: { mint: requesterOnly, transfer: requesterOnly, ...withoutHoles(functions) },
  database: { folder: 'memory://' },
  http: {
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'http://127.0.0.1:8080',
    trustedProxies: [],
    allowedNetworks: [],
    requestsPerSecond: { token: 100, address: 100, all: 100 },
    requestSignatures: 'off',
    maxConnections: 10,
    maxConnectionsPerAddress: 10,
    sessionMinutes: 60,
  },
  webhooks: { allow: [] },
  audit: {},
  relay: {
    ...{ sendsPerSecond: 100, kmsRequestsPerSecond: 100, maxOpenJobs: 1_000 },
    ...{ batchWaitMs: 20, leaseMs: 3_000, pollMs: 50 },
  },
  log: { level: 'error' },
})

const withoutHoles = (functions: Partial<Record<string, FunctionRules>>) =>
  Object.fromEntries(
    Object.entries(functions).flatMap(([name, rules]) => (rules ? [[name, rules]] : [])),
  )

/** A principal, as if its credentials had been checked. */
export const person = (name: string, ...roles: readonly Role[]): Principal => ({
  ...{ name, roles: new Set(roles), via: 'token', credentialId: `tk_${name}` },
})

/** 500 automatic, and 500 that alice or bob stands for. */
export const halves: readonly WeightedKey[] = [
  {
    ...{ keyIndex: 0, weight: 500, revoked: false, holder: 0, successor: false },
    rule: 'automatic',
  },
  {
    ...{ keyIndex: 1, weight: 500, revoked: false, holder: 1, successor: false },
    rule: { approvers: ['alice', 'bob'] },
  },
]

/** See `openApprovals`. */
export type Approvals = Awaited<ReturnType<typeof openApprovals>>

let count = 0

/** @param place - A database in memory unless told otherwise; it may have tables already. */
export async function openApprovals(
  options: {
    readonly keys?: readonly WeightedKey[]
    readonly config?: Config
    readonly place?: DatabasePlace
  } = {},
) {
  const database = await openDatabase(options.place ?? { folder: 'memory://' })
  await migrate(database)
  return bindApprovals(database, options.config ?? configWith(), options.keys ?? halves)
}

/** What one process of the server does, on a database that is open. */
export function bindApprovals(database: Database, config: Config, first: readonly WeightedKey[]) {
  let keys = first
  let paused = false
  let leftBehind = false
  const audit = createAudit(database)
  const { network, functions } = config
  const registry = createRegistry({ contracts: network.contracts, functions })
  const context: RequestContext = {
    ...{ config, database, audit, registry },
    accountKeys: {
      ...{ read: async () => [], weighted: async () => keys },
      ...{ last: () => keys, shown: () => undefined },
      ...{ expectChange: () => undefined, isLeftBehind: () => leftBehind },
    },
    onChanged: () => undefined,
    onReady: () => undefined,
  }
  const accept = createAcceptor(context)
  const troubles: unknown[] = []
  const store = { readHold: async () => ({ paused, code: null, reason: null, since: null }) }
  const decision = createDecision(
    context,
    // Only whether it is paused is read.
    store as unknown as Parameters<typeof createDecision>[1],
    createTransactionPolicy(config, registry),
    (thrown) => troubles.push(thrown),
  )

  function payloadOf(items: readonly ReleasedItem[]): TransactionPayload {
    const enabled = registry.byName(items[0]?.function ?? '')
    if (enabled === undefined) throw new Error('the function is not switched on')
    const { template, cadence } = enabled
    // Of a row only the arguments are read.
    const jobs = items as unknown as readonly JobRow[]
    const isBatch = template.submission.kind === 'batch'
    return {
      cadence,
      arguments: isBatch ? combineArguments(jobs) : (items[0]?.arguments ?? []),
      referenceBlockId: new Uint8Array(32),
      computeLimit: 1_000,
      proposalKey: { address: treasury, keyIndex: 9, sequenceNumber: BigInt(count++) },
      payer: treasury,
      authorizers: [treasury],
    }
  }

  return {
    ...{ context, database, audit, registry, troubles, payloadOf },
    setKeys(next: readonly WeightedKey[]) {
      keys = next
    },
    setLeftBehind(next: boolean) {
      leftBehind = next
    },
    setPaused(next: boolean) {
      paused = next
    },
    /** Asks for mints, one for each name. */
    mint: (requester: string, names: readonly string[] = ['Ticket'], key = `key-${count++}`) =>
      accept(person(requester, 'requester'), {
        functionName: 'mint',
        items: names.map((name) => mintInput(name)),
        idempotencyKey: key,
      }),
    accept,
    approve: (name: string, { row }: Pick<Accepted, 'row'>, digest = row.digest) =>
      approve(context, person(name, 'approver'), row.id, digest),
    withdraw: (name: string, { row }: Pick<Accepted, 'row'>) =>
      withdraw(context, person(name, 'approver'), row.id),
    cancel: (name: string, { row }: Pick<Accepted, 'row'>, ...roles: readonly Role[]) =>
      cancelRequest(context, noRelay, person(name, ...roles), row.id, 'test'),
    expire: () => expireRequests(context),
    release: () => releaseReady(context),
    /** As the relay asks before it signs. @param change - What somebody made of the transaction. */
    decide: async (
      items: readonly ReleasedItem[],
      change: (payload: TransactionPayload) => TransactionPayload = (payload) => payload,
    ): Promise<PolicyVerdict> => {
      const jobIds = items.map(({ jobId }) => jobId)
      return (await decision(change(payloadOf(items)), { jobIds })) ?? {}
    },
    /** The items of it that were handed to the relay, whatever the request's state is. */
    submitted: ({ row }: Pick<Accepted, 'row'>) =>
      database.query<ReleasedItem>(
        `SELECT i.job_id AS "jobId", r.function, i.arguments,
          coalesce(r.key_indexes, '{}') AS "keyIndexes"
        FROM items AS i JOIN requests AS r ON r.id = i.request_id
        WHERE r.id = $1 AND i.state = 'submitted' ORDER BY i.item_index`,
        [row.id],
      ),
    read: async ({ row }: Pick<Accepted, 'row'>): Promise<RequestRow> => {
      const [found] = await database.query<RequestRow>(
        `SELECT ${requestColumns} FROM requests AS r WHERE r.id = $1`,
        [row.id],
      )
      if (found === undefined) throw new Error('the request is gone')
      return found
    },
    kinds: async ({ row }: Pick<Accepted, 'row'>) =>
      (await audit.list({ requestId: row.id, limit: 1_000 })).map(({ kind }) => kind),
    [Symbol.asyncDispose]: () => database.close(),
  }
}

/** One mint as the API takes it. */
export const mintInput = (name = 'Ticket') => ({
  ...{ recipient, name, description: '', thumbnail: 'https://example.com/1.png' },
})

/** A cancellation clears its jobs out of the queue of a relay: here there is none. */
const noRelay = {
  job: async () => {
    throw new Error('no relay')
  },
} as unknown as Relay // nothing else of it is called

/** What a call was refused with. @throws When it was not refused. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const thrown: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (thrown instanceof Error && 'code' in thrown) return String(thrown.code)
  throw new Error('it was not refused', { cause: thrown })
}
