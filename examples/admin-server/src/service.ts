/** Everything behind the API, put together: database, audit trail, keys, relay, webhooks, anchor. @module */

import * as opentelemetry from '@opentelemetry/api'
import type { SignEvent } from 'fcl-kms'
import { createTracing, type Tracing } from 'fcl-kms/observability'
import type { Relay, RelayEvent, RelayOptions } from 'fcl-kms/relay'
import { type Anchor, createAnchor } from './audit/anchor.ts'
import { createAudit } from './audit/chain.ts'
import { createS3 } from './audit/s3.ts'
import type { Config } from './config/config.ts'
import { openDatabase } from './database/database.ts'
import { migrate } from './database/migrate.ts'
import { isAdminError } from './errors.ts'
import { createSignatureLedger, type SignatureLedger } from './execution/audited-store.ts'
import { assertAccount } from './execution/check-account.ts'
import { assertContracts } from './execution/check-contracts.ts'
import { openSigning, type Signing, startEngine } from './execution/engine.ts'
import { createLoop } from './execution/loop.ts'
import { createRegistry } from './functions/registry.ts'
import { type Changes, createChanges } from './observability/changes.ts'
import type { Log } from './observability/log.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { createTransactionPolicy } from './policy/transaction-policy.ts'
import { reconciliationLines } from './reconciliation/lines.ts'
import { createReconciler } from './reconciliation/reconciler.ts'
import type { ClockJump } from './requests/clock.ts'
import type { RequestContext } from './requests/context.ts'
import { createRotationWatch, type RotationWatch } from './rotation/watch.ts'
import { startWebhookDelivery } from './webhooks/deliver.ts'

/** Running, and not served yet. */
export type Service = {
  readonly requests: RequestContext
  readonly relay: Relay
  readonly signing: Signing
  readonly rotating: RotationWatch
  readonly metrics: Metrics
  readonly changes: Changes
  readonly anchor: Anchor | undefined
  /** What is being signed is stored and sent; the newest part ends first. */
  readonly close: () => Promise<void>
}

/** What ends the parts, the newest first. */
export type Undo = (() => unknown)[]

/**
 * @throws {AdminError} `CONFIGURATION_INVALID`, `DATABASE_UNAVAILABLE`, `DATABASE_IN_USE`,
 * `DATABASE_TOO_NEW`; the codes of `createRelay`. Whatever was started is ended then.
 */
export async function openService(options: {
  readonly config: Config
  readonly log: Log
  readonly relay?: Partial<RelayOptions>
}): Promise<Service> {
  const undo: Undo = []
  try {
    const parts = await start(options, undo)
    return { ...parts, close: () => unwind(undo) }
  } catch (thrown) {
    await unwind(undo)
    throw thrown
  }
}

/** One that fails keeps none of the others from ending. */
async function unwind(undo: Undo): Promise<void> {
  for (const end of undo.splice(0)) {
    try {
      await end()
    } catch {
      // It is ending anyway.
    }
  }
}

async function start(
  { config, log, relay: overrides }: Parameters<typeof openService>[0],
  undo: Undo,
): Promise<Omit<Service, 'close'>> {
  const { contracts } = config.network
  const registry = createRegistry({ contracts, functions: config.functions })
  const transactionPolicy = createTransactionPolicy(config, registry)
  const database = await openDatabase(config.database)
  undo.unshift(() => database.close())
  const { from, to } = await migrate(database)
  if (from !== to) log.info({ from, to }, 'brought the tables up to date')
  const audit = createAudit(database)
  const metrics = createMetrics(config.account.address)
  const tracing = createTracing({ api: opentelemetry, address: config.account.address })
  undo.unshift(() => tracing.close())
  const observers = observersOf(metrics, tracing, log)
  const ledger = createSignatureLedger(database, audit)
  undo.unshift(() => ledger.flush(0))
  const signing = await openSigning(config, database, ledger, {
    onSign: observers.onSign,
    onGovernorReport: metrics.library.onGovernorReport,
  })
  undo.unshift(() => signing.kms.destroy())
  for (const one of signing.missing) log.warn(one, 'a key of a holder with two cannot be opened')
  await assertAccount(config, signing.authorizer, signing.signers, signing.accountKeys)
  if (!(await assertContracts(config.network, registry)))
    log.warn('the access node runs no scripts: whether the contracts are there is not known')
  const changes = createChanges(database)
  undo.unshift(() => changes.close())
  let wake: () => void = () => undefined
  const requests: RequestContext = {
    config,
    database,
    audit,
    registry,
    accountKeys: signing.accountKeys,
    onChanged: changes.tell,
    onReady: () => wake(),
  }
  const engine = await startEngine({
    context: requests,
    signing,
    transactionPolicy,
    onEvent: observers.onEvent,
    onTrouble: observers.onTrouble,
    onClockJump: observers.onClockJump,
    overrides: { onPoolReport: metrics.library.onPoolReport, ...overrides },
  })
  wake = engine.wake
  undo.unshift(engine.stop)
  for (const source of [engine.relay, signing.governor])
    undo.unshift(metrics.library.observe(source))
  const rotating = await startRotationWatch(requests, signing, engine.wakeAll, observers, undo)
  startWebhooks(config, { database, audit, metrics, log }, undo)
  startReconciliation(config, { database, audit, metrics, log, signing, ledger }, undo)
  const anchor = startAnchor(config, { database, audit, metrics, log }, undo)
  return { requests, relay: engine.relay, signing, rotating, metrics, changes, anchor }
}

/** To metrics, traces and the log: what happens to keys, jobs and loops. */
function observersOf(metrics: Metrics, tracing: Tracing, log: Log) {
  return {
    onSign(event: SignEvent) {
      metrics.onSign(event)
      tracing.onSign(event)
      const { signerId, requestId: kmsRequestId, keyIndex, attempts, durationMs, errorCode } = event
      const facts = { signerId, kmsRequestId, keyIndex, attempts, durationMs, errorCode }
      log[errorCode === undefined ? 'debug' : 'warn'](facts, 'asked a key to sign')
    },
    onEvent(event: RelayEvent) {
      metrics.library.onEvent(event)
      tracing.onEvent(event)
      const isTrouble = ['held', 'trouble', 'failed', 'quarantined'].includes(event.kind)
      log[isTrouble ? 'warn' : 'debug'](plain(event), 'relay')
    },
    onClockJump(jump: ClockJump) {
      metrics.onTrouble('clock')
      log.error({ ...jump }, 'the clock of the database jumped')
    },
    onTrouble(where: string, thrown: unknown) {
      metrics.onTrouble(where)
      log.error({ err: thrown, where }, 'failed, and is tried again')
    },
  }
}

type Parts = Pick<RequestContext, 'database' | 'audit'> & {
  readonly metrics: Metrics
  readonly log: Log
}

function startWebhooks({ webhooks }: Config, parts: Parts, undo: Undo): void {
  const { secret, allow } = webhooks
  if (secret === undefined || allow.length === 0) return
  const { database, audit, metrics, log } = parts
  const delivery = startWebhookDelivery({
    database,
    audit,
    allow,
    secret,
    log: {
      warn(facts, message) {
        if (facts['result'] === 'given-up') metrics.onTrouble('webhook')
        log.warn(facts, message)
      },
    },
  })
  undo.unshift(() => delivery.stop())
}

/** Looks once before anything is served: what is seen then is no news. */
async function startRotationWatch(
  { config, database, audit, accountKeys, onChanged }: RequestContext,
  { rotations, store }: Signing,
  wakeAll: () => void,
  { onTrouble }: ReturnType<typeof observersOf>,
  undo: Undo,
): Promise<RotationWatch> {
  const watch = createRotationWatch({
    address: config.account.address,
    ...{ database, audit, rotations, store, accountKeys },
    onChange() {
      wakeAll()
      onChanged([]) // whoever shows requests or keys looks again
    },
  })
  await watch.look()
  watch.loop.start((thrown) => onTrouble('rotation', thrown))
  undo.unshift(() => watch.loop.stop())
  return watch
}

function startAnchor(
  { audit: { anchor: place }, aws }: Config,
  { audit, database, metrics, log }: Parts,
  undo: Undo,
): Anchor | undefined {
  if (place === undefined) return undefined
  const s3 = 'bucket' in place ? createS3(aws) : undefined
  const anchor = createAnchor(place, {
    audit,
    database,
    ...(s3 === undefined ? {} : { s3 }),
    onError(thrown) {
      metrics.onTrouble(isAdminError(thrown, 'AUDIT_BROKEN') ? 'audit' : 'anchor')
      log.error({ err: thrown }, 'the audit trail was not anchored')
    },
  })
  anchor.start()
  undo.unshift(async () => {
    await anchor.stop()
    s3?.destroy()
  })
  return anchor
}

/** Its findings are in the audit trail, the metrics, the log and the dashboard; nothing is held up. */
function startReconciliation(
  config: Config,
  parts: Parts & { readonly signing: Signing; readonly ledger: SignatureLedger },
  undo: Undo,
): void {
  const { database, audit, metrics, log, signing, ledger } = parts
  // Also without it: each signature has its record soon, for whoever compares by the command.
  const flushing = createLoop(FLUSH_MS, async () => {
    await ledger.flush()
    return false
  })
  const trouble = (where: string) => (thrown: unknown) => {
    metrics.onTrouble(where)
    log.error({ err: thrown, where }, 'failed, and is tried again')
  }
  flushing.start(trouble('signatures'))
  undo.unshift(() => flushing.stop())
  if (config.audit.reconciliation === undefined) return
  const { loop } = createReconciler({
    config,
    database,
    audit,
    keys: signing.signers.map(({ key }) => key),
    kms: signing.kms,
    flush: () => ledger.flush(),
    onState: metrics.onReconciliation,
    ...reconciliationLines(log),
  })
  loop.start(trouble('reconciliation'))
  undo.unshift(() => loop.stop())
}

/** Between two looks for signatures that were never sent. */
const FLUSH_MS = 10_000

/** JSON has no bigint. */
const plain = (event: object) =>
  JSON.parse(JSON.stringify(event, (_, one) => (typeof one === 'bigint' ? one.toString() : one)))
