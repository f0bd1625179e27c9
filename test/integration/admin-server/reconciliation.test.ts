/** The admin server against CloudTrail's Sign events, as MiniStack records them. */
import { createSignatureLedger } from '../../../examples/admin-server/src/execution/audited-store.ts'
import type { FoundThing } from '../../../examples/admin-server/src/reconciliation/findings.ts'
import {
  createReconciler,
  type ReconciliationState,
} from '../../../examples/admin-server/src/reconciliation/reconciler.ts'
import type { SignEvent } from '../../../src/index.ts'
import { createAwsKmsSigner } from '../../../src/signers/aws-kms/index.ts'
import {
  type AdminChain,
  mintOf,
  startAdminChain,
  startTestServer,
  type TestServer,
  type Treasury,
} from '../../support/admin-server/world.ts'
import { until } from '../../support/until.ts'

const MINUTE = 60_000
let world: AdminChain
let treasury: Treasury
let server: TestServer
const states: ReconciliationState[] = []
const found: FoundThing[] = []
const runs: string[] = []

beforeAll(async () => {
  process.env['CLOUDTRAIL_RECORDING'] = '1'
  world = await startAdminChain()
  treasury = await world.createTreasury([
    { weight: 500, signs: 'automatic' },
    { weight: 500, signs: 'automatic' },
  ])
  server = await startTestServer(treasury.config)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

/** One run now, whatever is due. @param aheadMs - How late it is. */
async function reconciled(aheadMs = 6 * MINUTE): Promise<ReconciliationState | undefined> {
  const { database, audit, signing } = server.context
  const config = {
    ...treasury.config,
    webhooks: { allow: ['https://hooks.example.com'], secret: 'x'.repeat(32) },
    audit: { reconciliation: { everyMinutes: 1, webhookUrl: 'https://hooks.example.com/kms' } },
  }
  await database.query("UPDATE reconciliation SET next_at = '-infinity'")
  const { look } = createReconciler({
    config,
    database,
    audit,
    keys: treasury.aliases,
    kms: signing.kms,
    flush: async () => undefined,
    onState: (state) => states.push(state),
    onFound: (one) => found.push(one),
    onRun: (run) => runs.push(run.verdict),
    now: () => Date.now() + aheadMs,
  })
  expect(await look()).toBe(false)
  return states.at(-1)
}

/** An event as the authorizer tells it, of a real signature. */
async function signedEvent(changes: Partial<SignEvent>, key = 0): Promise<SignEvent> {
  const keyId = treasury.aliases[key] ?? ''
  const signer = createAwsKmsSigner({ client: world.kms, keyId })
  let event: object = {}
  const onReport = ({ keyId: backendKeyId, ...report }: { keyId?: string }) => {
    event = { signerId: keyId, backendKeyId, ...report, keyIndex: 0, ...changes }
  }
  await signer.sign({ message: new Uint8Array(8), hashAlgorithm: 'SHA3_256', onReport })
  return event as SignEvent // what the ledger reads of it is there
}

describe('the reconciliation of the admin server', () => {
  it('finds each signature of a mint in CloudTrail', async () => {
    const alice = await server.caller('alice', 'requester')
    const { status, body } = await alice.call('POST', '/v1/mints', {
      items: [mintOf(treasury.recipient)],
    })
    expect(status).toBe(202)
    await until(async () => (await alice.call('GET', `/v1/mints/${body.id}`)).body.state === 'done')
    expect(await reconciled()).toMatchObject({
      verdict: 'agrees',
      findings: { foreign: 0, missing: 0, unreadable: 0 },
    })
    const signatures = await server.context.audit.list({ kind: 'signature', limit: 10 })
    expect(signatures.length).toBeGreaterThan(0)
    expect(signatures.every(({ facts }) => typeof facts['kmsRequestId'] === 'string')).toBe(true)
  })

  it('takes a signature for ours whose transaction was never stored', async () => {
    const { database, audit } = server.context
    const ledger = createSignatureLedger(database, audit)
    ledger.onSign(await signedEvent({ kind: 'user-message' }))
    await ledger.flush(0)
    expect(await reconciled()).toMatchObject({ verdict: 'agrees' })
    const [last] = await audit.list({ kind: 'signature', limit: 1, newestFirst: true })
    expect(last?.facts).toMatchObject({ transactionId: null, kmsRequestId: expect.any(String) })
  })

  it('takes a signature for ours whose answer was lost', async () => {
    const { database, audit } = server.context
    const ledger = createSignatureLedger(database, audit)
    // By the other key: CloudTrail's times are of seconds, so the events of one key could be taken for each other.
    const changes = { kind: 'user-message', errorCode: 'KMS_TIMEOUT', unanswered: 1 } as const
    const { requestId: _, ...lost } = await signedEvent(changes, 1)
    ledger.onSign(lost as SignEvent)
    await ledger.flush(0)
    expect(await reconciled()).toMatchObject({ verdict: 'agrees' })
  })

  it('raises one alarm for a signature that is not ours: record, webhook, state', async () => {
    const { requestId } = await signedEvent({})
    for (const _ of [1, 2]) {
      expect(await reconciled()).toMatchObject({ verdict: 'alarm', findings: { foreign: 1 } })
      expect(found.filter(({ kind }) => kind === 'foreign')).toHaveLength(1)
    }
    const records = await server.context.audit.list({ kind: 'reconciliation', limit: 10 })
    expect(records).toMatchObject([
      { actor: 'server', facts: { found: 'foreign', kmsRequestId: requestId } },
    ])
    const deliveries = await server.context.database.query<{ url: string; body: string }>(
      'SELECT url, body FROM webhook_deliveries',
    )
    expect(deliveries).toHaveLength(1)
    expect(JSON.parse(deliveries[0]?.body ?? '')).toMatchObject({
      type: 'signature.foreign',
      kmsRequestId: requestId,
      why: 'unknown',
    })
    const operator = await server.caller('olga', 'operator')
    expect((await operator.call('GET', '/v1/stats')).body.reconciliation).toBeNull()
  })

  it('tells of a signature of ours that CloudTrail does not have, once it is not late any more', async () => {
    const { database, audit } = server.context
    const ledger = createSignatureLedger(database, audit)
    ledger.onSign(await signedEvent({ kind: 'user-message', requestId: 'never-seen' }))
    await ledger.flush(0)
    await reconciled()
    expect(found.filter(({ kind }) => kind === 'missing')).toHaveLength(0)
    expect(await reconciled(30 * MINUTE)).toMatchObject({ findings: { missing: 1 } })
    expect(found.filter(({ kind }) => kind === 'missing')).toMatchObject([
      { facts: { kmsRequestId: 'never-seen', why: 'event missing' } },
    ])
  })

  it('judges nothing that another process may not have written down yet', async () => {
    const before = found.length
    await signedEvent({})
    await reconciled(4 * MINUTE)
    expect(found).toHaveLength(before)
    await reconciled()
    expect(found).toHaveLength(before + 1)
  })

  it('is done by one process at a time, and not before it is due', async () => {
    const [before, ran] = [states.length, runs.length]
    const { database, audit, signing } = server.context
    const { look } = createReconciler({
      config: { ...treasury.config, audit: { reconciliation: { everyMinutes: 60 } } },
      database,
      audit,
      keys: treasury.aliases,
      kms: signing.kms,
      flush: () => Promise.reject(new Error('it ran')),
      onState: (state) => states.push(state),
      onFound: () => undefined,
      onRun: (run) => runs.push(run.verdict),
    })
    expect(await look()).toBe(false)
    expect(states).toHaveLength(before + 1)
    expect(ran).toBeGreaterThan(0)
    expect(runs).toHaveLength(ran)
  })
})
