/**
 * Fills databases by the code of the commit that it stands in, and dumps them; see README.md.
 * `node test/vectors/released/make.mjs <folder to write to>` @module
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { join } from 'node:path'
import pg from 'pg'

register('../../support/load-typescript.mjs', import.meta.url)
const { findPostgres, startPostgres } = await import('../../support/postgres.ts')
const { createSqlStore } = await import('../../../src/stores/index.ts')
const { createToken } = await import('../../../examples/admin-server/src/access/tokens.ts')
const { startSession } = await import('../../../examples/admin-server/src/access/sessions.ts')
const { openDatabase } = await import('../../../examples/admin-server/src/database/database.ts')
const { migrate } = await import('../../../examples/admin-server/src/database/migrate.ts')
const { bindApprovals, configWith, halves } = await import(
  '../../support/admin-server/approval-world.ts'
)

const folder = process.argv[2] ?? '.'
const bin = findPostgres()
const server = await startPostgres(bin)
const digits = (byte) => byte.toString(16).padStart(2, '0').repeat(32)
const address = '0x0000000000000001'

/** Each state of keys, jobs and attempts, and each kind of hold. */
async function fillStore(store) {
  const keys = [...Array(8).keys()].map((keyIndex) => ({ keyIndex, sequenceNumber: 10n }))
  await store.enrollKeys(address, keys)
  const intent = (id, change) => ({
    id,
    intentHash: digits(id.length),
    cadence: 'transaction(text: String) { prepare(signer: &Account) {} }',
    arguments: ['{"type":"String","value":"ä 漢"}'],
    computeLimit: 100,
    batch: null,
    batchGroup: null,
    ...change,
  })
  const ways = ['open', 'executed', 'sealed', 'dead', 'unclear', 'failed']
  await store.addJobs(
    address,
    ways.map((id) => intent(id)),
    100,
  )
  for (const [index, id] of ways.entries()) {
    const [lease] = await store.leaseKeys({ address, count: 1, holder: 'one', leaseMs: 60_000 })
    const [claim] = await store.claimJobs({ address, limit: 1, holder: 'one', leaseMs: 60_000 })
    const attempt = {
      ...lease,
      transactionId: digits(0xa0 + index),
      transaction: Uint8Array.of(0xf8, 0, 255, index),
      referenceBlockId: digits(0xb0),
      referenceHeight: 1_000,
      leaseMs: 60_000,
      jobs: [{ id: claim.id, fence: claim.fence }],
    }
    await store.openAttempts([attempt])
    const settled = {
      executed: { state: 'executed', job: { state: 'in-flight' } },
      sealed: { state: 'sealed', job: { state: 'done', blockHeight: 1_010 } },
      dead: { state: 'dead', job: { state: 'queued', delayMs: 3_600_000 } },
      unclear: {
        state: 'unclear',
        quarantine: 'not understood',
        job: { state: 'quarantined', errorCode: 'OUTCOME_UNKNOWN', reason: 'not understood' },
      },
      failed: { state: 'sealed', job: { state: 'failed', errorCode: 'JOB_FAILED', reason: 'no' } },
    }[id]
    if (settled === undefined) continue
    const { quarantine } = settled
    await store.settleAttempts([
      {
        transactionId: attempt.transactionId,
        fence: attempt.fence,
        state: settled.state,
        blockHeight: id === 'dead' ? null : 1_010,
        key: { nextSequenceNumber: 11n, ...(quarantine === undefined ? {} : { quarantine }) },
        jobs: [{ id, ...settled.job }],
      },
    ])
  }
  await store.addJobs(
    address,
    ['claimed', 'queued', 'cancelled'].map((id) => intent(id)),
    100,
  )
  await store.addJobs(
    address,
    [intent('of-a-batch', { cadence: '', batch: 'mint', batchGroup: 'drop' })],
    100,
  )
  await store.claimJobs({ address, limit: 1, holder: 'one', leaseMs: 60_000 })
  await store.cancelJob(address, 'cancelled')
  await store.leaseKeys({ address, count: 1, holder: 'one', leaseMs: 60_000 })
  await store.reserveTurns({ name: 'post', count: 1, perSecond: 1 })
  const holds = ['NODES_DISAGREE', 'PAYER_CANNOT_PAY', 'KMS_ACCESS_DENIED']
  for (const [index, holdCode] of holds.entries())
    await store.writeHold(`0x000000000000000${index + 1}`, { holdCode, holdReason: 'a reason' })
  await store.writeHold('0x0000000000000003', { paused: true })
}

/** What a running process asks for, on an account of its own, and what it is answered. */
async function recordCalls(database) {
  const calls = []
  const store = await createSqlStore({
    query: async (text, parameters) => {
      const { rows } = await database.query(text, parameters)
      calls.push({ text, parameters, rows })
      return { rows }
    },
  })
  calls.length = 0
  const at = '0x0000000000000009'
  const by = { address: at, holder: 'older', leaseMs: 60_000 }
  const intent = (id) => ({
    ...{ id, intentHash: digits(9), cadence: 'transaction {}', arguments: [], computeLimit: 9 },
    ...{ batch: null, batchGroup: null },
  })
  await store.enrollKeys(
    at,
    [0, 1].map((keyIndex) => ({ keyIndex, sequenceNumber: 5n })),
  )
  await store.addJobs(at, ['a', 'b', 'c'].map(intent), 9)
  const [lease, other] = await store.leaseKeys({ ...by, count: 2 })
  const [one, two] = await store.claimJobs({ ...by, limit: 2 })
  const flight = { referenceBlockId: digits(2), leaseMs: 60_000 }
  const transactionId = digits(0xc0)
  const signed = { transactionId, transaction: Uint8Array.of(1, 2), referenceHeight: 7 }
  await store.openAttempts([{ ...lease, ...signed, ...flight, jobs: [one] }])
  await store.commitLeases([{ ...other, transactionId: digits(3), ...flight }])
  await store.unclaimJobs(at, [{ ...two, state: 'queued' }])
  await store.extend('older', 60_000)
  await store.adoptAttempts(by)
  await store.adoptKeys(by)
  const settled = { state: 'unclear', blockHeight: null, key: { nextSequenceNumber: 6n } }
  const jobs = [{ id: 'a', state: 'quarantined', reason: 'look' }]
  await store.settleAttempts([{ transactionId, fence: lease.fence, ...settled, jobs }])
  await store.settleLeases([{ ...other, nextSequenceNumber: 6n, quarantine: 'look' }])
  await store.restoreKey(at, 1, 6n)
  await store.resolveJob(at, 'a', { state: 'done' })
  await store.cancelJob(at, 'c')
  await store.getJobs(at, ['a', 'b', 'none'])
  await store.listJobs(at, { limit: 9 })
  await store.countJobs(at)
  await store.listKeys(at)
  await store.listAttempts(at, 'a')
  await store.writeHold(at, { holdCode: 'NODES_DISAGREE', holdReason: 'look' })
  await store.writeHold(at, { paused: true })
  await store.readHold(at)
  await store.writeHold(at, { paused: false, holdCode: null, holdReason: null })
  await store.readHold(at)
  await store.reserveTurns({ name: 'older', count: 1, perSecond: 1 })
  await store.prune(at, 3_600_000)
  return calls
}

/** Requests that wait, are ready, are released and cancelled, with their audit; a token, a session. */
async function fillAdminServer(database) {
  const world = bindApprovals(database, configWith(), halves)
  await world.mint('shop', ['Waits'], 'waits')
  const released = await world.mint('shop', ['Released'], 'released')
  await world.approve('alice', released)
  await world.release()
  const ready = await world.mint('shop', ['Ready', 'Ready too'], 'ready')
  await world.approve('bob', ready)
  await world.cancel('shop', await world.mint('shop', ['Cancelled'], 'cancelled'), 'requester')
  const roles = ['approver']
  const order = { principal: 'alice', roles, description: 'alice', days: 366, createdBy: 'setup' }
  const token = await createToken(database, order)
  await startSession(database, { ...token, principal: 'alice', roles }, 60)
}

const dump = (url, schema, file, [from, to] = ['', '']) => {
  const text = execFileSync(
    'pg_dump',
    ['--inserts', '--no-owner', '--no-privileges', '--no-comments', '-n', schema, url],
    { encoding: 'utf8' },
  )
  const kept = text
    .split('\n')
    .filter((line) => !/^(--|\\|SET |SELECT pg_catalog.set_config)/.test(line))
  const statements = kept
    .join('\n')
    .replace(/\n{2,}/g, '\n')
    .replace(from, to)
    .trim()
  // Functions come before their tables.
  const around = ['SET check_function_bodies = false;', 'RESET check_function_bodies;\n']
  writeFileSync(join(folder, file), around.join(`\n${statements}\n`))
}

const pool = new pg.Pool({ connectionString: server.url })
await fillStore(await createSqlStore(pool))
// Leases are over wherever the test runs.
dump(server.url, 'fcl_kms', 'store-1.sql', [/'\d{4}-\d\d-\d\d /g, "'2020-01-01 "])
const calls = await recordCalls(pool)
writeFileSync(join(folder, 'store-1-calls.json'), `${JSON.stringify(calls, undefined, 2)}\n`)
await pool.end()
const database = await openDatabase({ url: server.url })
await migrate(database)
await fillAdminServer(database)
await database.close()
dump(server.url, 'mint_admin', 'admin-server-1.sql')
await server.stop()
