/** The machine behind the API: authorizer, relay, and the loops that bring requests through. @module */

import { setTimeout as sleep } from 'node:timers/promises'
import { KMSClient } from '@aws-sdk/client-kms'
import { createSigningGovernor, isSignerError, KmsAuthorizer, type SigningGovernor } from 'fcl-kms'
import type { TransactionPayload } from 'fcl-kms/crypto'
import type { PrometheusMetrics } from 'fcl-kms/observability'
import { createSqlRotations, type RotationStore } from 'fcl-kms/provisioning'
import { createRelay, type Relay, type RelayEvent, type RelayOptions } from 'fcl-kms/relay'
import { createSqlStore, type RelayStore } from 'fcl-kms/stores'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { isAdminError } from '../errors.ts'
import { expireRequests } from '../requests/cancel.ts'
import { type ClockJump, createClockWatch } from '../requests/clock.ts'
import type { RequestContext } from '../requests/context.ts'
import { type AccountKeys, createAccountKeys } from './account-keys.ts'
import type { SignatureLedger } from './audited-store.ts'
import { createDecision } from './decide.ts'
import { createLoop, type Loop } from './loop.ts'
import { createMintedIds, requestScriptOf } from './minted-ids.ts'
import { listSubmitted, settleOutcomes } from './outcomes.ts'
import { createPromoter } from './promote.ts'
import { readReleased, releaseReady, submitItems } from './release.ts'
import { type HeldSigner, type MissingKey, openSigners } from './signers.ts'

/** What signs, before the relay starts. */
export type Signing = {
  readonly kms: KMSClient
  readonly authorizer: KmsAuthorizer
  /** In the order of the authorizer. */
  readonly signers: readonly HeldSigner[]
  /** Keys that the configuration names and KMS does not have, or not enabled. */
  readonly missing: readonly MissingKey[]
  readonly governor: SigningGovernor
  readonly accountKeys: AccountKeys
  readonly store: RelayStore
  /** Beside the tables of the relay, where the command keeps them. */
  readonly rotations: RotationStore
}

/** Running. */
export type Engine = {
  readonly relay: Relay
  /** Requests changed: something may be ready. */
  readonly wake: () => void
  /** Keys of the account changed: requests that wait may be met. */
  readonly wakeAll: () => void
  readonly stop: () => Promise<void>
}

const RELEASE_MS = 500
const SWEEP_MS = 2_000
const EXPIRE_MS = 10_000
const FLUSH_MS = 100
/** Before the tables of the relay are tried again. */
const RETRY_MS = 500
/** Of the advisory lock: another than that of our own tables. */
const STORE_LOCK = 0x66_63_6c_72
const START_MS = 60_000
/** The keys of the account are read that often even when nothing is signed. */
const PROMOTE_MS = 5_000

/** Makes clients and opens the store; asks nothing of the chain yet, and KMS for keys in rotation. */
export async function openSigning(
  config: Config,
  database: Database,
  ledger: SignatureLedger,
  observers: Pick<PrometheusMetrics, 'onSign' | 'onGovernorReport'>,
): Promise<Signing> {
  const { account, aws, network, relay } = config
  const kms = new KMSClient({
    region: aws.region,
    ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint }),
  })
  const inner = await openStore(database)
  const rotations = await createSqlRotations(database.forRelay)
  const governor = createSigningGovernor({
    ratePerSecond: relay.kmsRequestsPerSecond,
    reserve: inner.reserveTurns,
    onReport: observers.onGovernorReport,
  })
  const [accessNode = ''] = network.accessNodes
  const { signers, missing } = await openSigners(account, kms)
  const authorizer = KmsAuthorizer.fromSigners(
    signers.map(({ signer }) => signer),
    {
      accessNode,
      chainId: network.chainId,
      governor,
      onSign: (event) => {
        ledger.onSign(event)
        observers.onSign(event)
      },
    },
  )
  const accountKeys = createAccountKeys(config, authorizer, signers)
  const store = ledger.audited(inner)
  return { kms, authorizer, signers, missing, governor, accountKeys, store, rotations }
}

/** One process at a time makes the tables of the relay; the others wait, and find them. */
async function openStore(database: Database): Promise<RelayStore> {
  if (database.connections === 1) return createSqlStore(database.forRelay)
  return database.transaction(
    async (session) => {
      await session.query('SELECT pg_advisory_xact_lock($1)', [STORE_LOCK])
      return createStorePatiently(database)
    },
    { patienceMs: 2 * START_MS },
  )
}

/** A process of an older version, or the library elsewhere, may make the same tables without our lock. */
async function createStorePatiently(database: Database): Promise<RelayStore> {
  for (const deadline = performance.now() + START_MS; ; )
    try {
      return await createSqlStore(database.forRelay)
    } catch (thrown) {
      const isPassing = isSignerError(thrown, 'STORE_UNAVAILABLE')
      if (!isPassing || performance.now() > deadline) throw thrown
      await sleep(RETRY_MS)
    }
}

/** Starts the relay and the loops. Rejects as `createRelay` does. */
export async function startEngine(options: {
  readonly context: RequestContext
  readonly signing: Signing
  readonly transactionPolicy: (payload: TransactionPayload) => void
  readonly onEvent: (event: RelayEvent) => void
  readonly onTrouble: (where: string, thrown: unknown) => void
  readonly onClockJump: (jump: ClockJump) => void
  readonly overrides?: Partial<RelayOptions>
}): Promise<Engine> {
  const { context, signing, transactionPolicy, onTrouble } = options
  const { config, registry } = context
  const { network, account, relay: limits } = config
  const { authorizer, store } = signing
  const mintedIds = createMintedIds(network)
  const ended = new Set<string>()
  const loops: Loop[] = []

  async function settle(jobIds: readonly string[]): Promise<void> {
    const unknown = await settleOutcomes(context, store, jobIds, mintedIds)
    if (unknown.length === 0) return
    await submitItems(context, relay, await readReleased(context, unknown))
  }

  const release = createLoop(RELEASE_MS, async () => {
    const items = await releaseReady(context)
    await submitItems(context, relay, items)
    return items.length > 0
  })
  const outcomes = createLoop(FLUSH_MS, async () => {
    const ids = [...ended]
    if (ids.length === 0) return false
    await settle(ids)
    for (const id of ids) ended.delete(id)
    const added = registry.all.some(({ template }) => template.addsProposalKeys === true)
    if (added && (await hasAddedKeys(context, ids))) await relay.refreshKeys()
    return ended.size > 0
  })
  let after = ''
  const sweep = createLoop(SWEEP_MS, async () => {
    const ids = await listSubmitted(context, after)
    after = ids.at(-1) ?? ''
    await settle(ids)
    return false
  })
  const lookAtClock = createClockWatch(context)
  const expire = createLoop(EXPIRE_MS, async () => {
    const { now, jump } = await lookAtClock()
    if (jump !== undefined) options.onClockJump(jump)
    return now !== undefined && (await expireRequests(context, now)) > 0
  })
  const relay = await createRelay({
    accessNodes: network.accessNodes,
    authorizer,
    address: account.address,
    store,
    policy: createDecision(context, store, transactionPolicy, (thrown) =>
      onTrouble('decide', thrown),
    ),
    batches: registry.batches,
    requestScript: requestScriptOf(network),
    transactionExpiry: network.transactionExpiry,
    sendsPerSecond: limits.sendsPerSecond,
    maxOpenJobs: limits.maxOpenJobs,
    batchWaitMs: limits.batchWaitMs,
    leaseMs: limits.leaseMs,
    pollMs: limits.pollMs,
    retentionMs: Number.POSITIVE_INFINITY, // an Idempotency-Key is good for ever, so its jobs are
    ...options.overrides,
    onEvent(event) {
      options.onEvent(event)
      if (!('jobId' in event) || event.kind === 'accepted' || event.kind === 'requeued') return
      ended.add(event.jobId)
      outcomes.wake()
    },
  })

  const promote = createLoop(PROMOTE_MS, createPromoter(context))
  const named = { release, outcomes, sweep, expire, promote }
  for (const [name, loop] of Object.entries(named)) {
    loops.push(loop)
    loop.start((thrown) => onTrouble(name, thrown))
  }

  return {
    relay,
    wake: release.wake,
    wakeAll() {
      promote.wake()
      release.wake()
    },
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
      await relay.close()
      signing.kms.destroy()
    },
  }
}

/** Whether one of these jobs has added proposal keys. */
async function hasAddedKeys(
  { database, registry }: RequestContext,
  jobIds: readonly string[],
): Promise<boolean> {
  const names = registry.all
    .filter(({ template }) => template.addsProposalKeys === true)
    .map(({ template }) => template.name)
  const rows = await database
    .query(
      `SELECT 1 FROM items AS i JOIN requests AS r ON r.id = i.request_id
      WHERE i.job_id = ANY ($1::text[]) AND i.state = 'done' AND r.function = ANY ($2::text[]) LIMIT 1`,
      [jobIds, names],
    )
    .catch((thrown: unknown) => {
      if (isAdminError(thrown)) return []
      throw thrown
    })
  return rows.length > 0
}
