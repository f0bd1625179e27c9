/** The whole service, put together: from a configuration to a listening server, and back. @module */

import { S3Client } from '@aws-sdk/client-s3'
import * as opentelemetry from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { createTracing } from 'fcl-kms/observability'
import type { RelayOptions } from 'fcl-kms/relay'
import { createAuthenticator } from './access/authenticate.ts'
import { createLimits } from './access/limits.ts'
import { createNetworkGuard } from './access/network.ts'
import { createAnchor } from './audit/anchor.ts'
import { createAudit } from './audit/chain.ts'
import type { Config } from './config/config.ts'
import { openDatabase } from './database/database.ts'
import { migrate } from './database/migrate.ts'
import { isAdminError } from './errors.ts'
import { createSignatureLedger } from './execution/audited-store.ts'
import { assertAccount } from './execution/check-account.ts'
import { openSigning, startEngine } from './execution/engine.ts'
import { createRegistry } from './functions/registry.ts'
import { createAccess } from './http/access.ts'
import { approvalRoutes } from './http/routes/approvals.ts'
import { auditRoutes } from './http/routes/audit.ts'
import type { RouteContext } from './http/routes/context.ts'
import { dashboardRoutes } from './http/routes/dashboard.ts'
import { eventRoutes } from './http/routes/events.ts'
import { keyRoutes } from './http/routes/keys.ts'
import { operationRoutes } from './http/routes/operation.ts'
import { requestRoutes } from './http/routes/requests.ts'
import { sessionRoutes } from './http/routes/session.ts'
import { tokenRoutes } from './http/routes/tokens.ts'
import { createHttpServer } from './http/server.ts'
import { createChanges } from './observability/changes.ts'
import type { Log } from './observability/log.ts'
import { createMetrics, type Metrics } from './observability/metrics.ts'
import { createStats } from './observability/stats.ts'
import { createTransactionPolicy } from './policy/transaction-policy.ts'
import { createAcceptor } from './requests/accept.ts'
import type { RequestContext } from './requests/context.ts'
import type { WebhookLog } from './webhooks/attempt.ts'
import { startWebhookDelivery } from './webhooks/deliver.ts'

/** A server that listens. */
export type AdminServer = {
  /** `http://host:port`, as it listens; not what people call it by. */
  readonly url: string
  readonly app: FastifyInstance
  readonly context: RouteContext
  /** Not ready first, then no new calls, then what is being signed is stored and sent. */
  readonly close: () => Promise<void>
}

/**
 * Opens the database, brings its tables up to date, checks keys and chain, starts relay and loops, and
 * listens.
 *
 * @throws {AdminError} `CONFIGURATION_INVALID`, `DATABASE_UNAVAILABLE`, `DATABASE_TOO_NEW`; the codes of
 * `createRelay` when account, keys or access node are not as configured.
 */
export async function startServer(options: {
  readonly config: Config
  readonly log: Log
  readonly version: string
  readonly relay?: Partial<RelayOptions>
}): Promise<AdminServer> {
  const { config, log, version } = options
  const registry = createRegistry({
    contracts: config.network.contracts,
    functions: config.functions,
  })
  const transactionPolicy = createTransactionPolicy(config, registry)
  const undo: (() => unknown)[] = []
  try {
    const database = await openDatabase(config.database)
    undo.unshift(() => database.close())
    const { from, to } = await migrate(database)
    if (from !== to) log.info({ from, to }, 'brought the tables up to date')
    const audit = createAudit(database)
    const metrics = createMetrics(config.account.address)
    const tracing = createTracing({ api: opentelemetry, address: config.account.address })
    undo.unshift(() => tracing.close())
    const ledger = createSignatureLedger(database, audit)
    const signing = await openSigning(config, database, ledger, {
      onGovernorReport: metrics.library.onGovernorReport,
      onSign(event) {
        metrics.onSign(event)
        tracing.onSign(event)
        const { signerId, requestId: kmsRequestId, keyIndex, attempts, durationMs } = event
        const { errorCode } = event
        const facts = { signerId, kmsRequestId, keyIndex, attempts, durationMs, errorCode }
        log[errorCode === undefined ? 'debug' : 'warn'](facts, 'asked a key to sign')
      },
    })
    undo.unshift(() => signing.kms.destroy())
    const changes = createChanges(database)
    undo.unshift(() => changes.close())
    const requests: RequestContext = {
      config,
      database,
      audit,
      registry,
      accountKeys: signing.accountKeys,
      onChanged(ids) {
        changes.tell(ids)
        engine?.wake()
      },
    }
    await assertAccount(config, signing.authorizer, signing.accountKeys)
    const onTrouble = (where: string, thrown: unknown) => {
      metrics.onTrouble(where)
      log.error({ err: thrown, where }, 'failed, and is tried again')
    }
    let engine: Awaited<ReturnType<typeof startEngine>> | undefined
    engine = await startEngine({
      context: requests,
      signing,
      transactionPolicy,
      onEvent(event) {
        metrics.library.onEvent(event)
        tracing.onEvent(event)
        if (event.kind === 'held' || event.kind === 'trouble') log.warn(event, 'relay')
        else if (event.kind === 'failed' || event.kind === 'quarantined') log.warn(event, 'relay')
        else log.debug(plain(event), 'relay')
      },
      onTrouble,
      overrides: { onPoolReport: metrics.library.onPoolReport, ...options.relay },
    })
    const { relay, stop } = engine
    undo.unshift(stop)
    undo.unshift(metrics.library.observe(relay))
    undo.unshift(metrics.library.observe(signing.governor))
    const { webhooks } = config
    if (webhooks.secret !== undefined && webhooks.allow.length > 0) {
      const { secret, allow } = webhooks
      const told: WebhookLog = {
        warn(facts, message) {
          if (facts['result'] === 'given-up') metrics.onTrouble('webhook')
          log.warn(facts, message)
        },
      }
      const delivery = startWebhookDelivery({ database, audit, allow, secret, log: told })
      undo.unshift(() => delivery.stop())
    }
    const anchor = startAnchor(config, { audit, database, metrics, log }, undo)
    const closing = new AbortController()
    undo.unshift(() => closing.abort())
    const authenticator = createAuthenticator({ database, config })
    const limits = createLimits(config.http.requestsPerSecond)
    const context: RouteContext = {
      ...requests,
      accept: createAcceptor(requests),
      relay,
      signing,
      authenticator,
      limits,
      anchor,
      stats: createStats(database, relay, signing.governor, metrics, version),
      metrics,
      changes,
      version,
      closing: closing.signal,
    }
    const network = createNetworkGuard(config.http)
    const app = createHttpServer({
      config: config.http,
      log,
      version,
      access: createAccess({ authenticator, network, limits, database, audit, metrics, log }),
      register(scope) {
        scope.addHook('onResponse', async (request, reply) => {
          const route = request.routeOptions.url ?? 'none'
          metrics.onAnswer(route, request.method, reply.statusCode, reply.elapsedTime / 1_000)
        })
        requestRoutes(scope, context)
        approvalRoutes(scope, context)
        keyRoutes(scope, context)
        auditRoutes(scope, context)
        operationRoutes(scope, context)
        sessionRoutes(scope, context)
        tokenRoutes(scope, context)
        eventRoutes(scope, context)
        if (!dashboardRoutes(scope)) log.warn('there is no dashboard: it was not built')
      },
    })
    undo.unshift(() => app.close())
    const { host, port } = config.http
    const url = await app.listen({ host, port })
    log.info(
      { url, version, functions: registry.all.map(({ template }) => template.name) },
      'ready',
    )

    let closed: Promise<void> | undefined
    return {
      url,
      app,
      context,
      close: () => {
        closing.abort()
        closed ??= unwind(undo)
        return closed
      },
    }
  } catch (thrown) {
    await unwind(undo)
    throw thrown
  }
}

/** The newest part first; one that fails keeps none of the others from ending. */
async function unwind(undo: readonly (() => unknown)[]): Promise<void> {
  for (const one of undo) await Promise.resolve(one()).catch(() => undefined)
}

function startAnchor(
  { audit: { anchor: place }, aws }: Config,
  {
    audit,
    database,
    metrics,
    log,
  }: Pick<Parameters<typeof createAnchor>[1], 'audit' | 'database'> & {
    readonly metrics: Metrics
    readonly log: Log
  },
  undo: (() => unknown)[],
) {
  if (place === undefined) return undefined
  const { region, endpoint } = aws
  const client = { region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) }
  const s3 = 'bucket' in place ? new S3Client(client) : undefined
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

/** JSON has no bigint. */
const plain = (event: object) =>
  JSON.parse(JSON.stringify(event, (_, one) => (typeof one === 'bigint' ? one.toString() : one)))
