/** Sealed keys: signatures a second of processor time, and whether 100,000 wallets cost more than 1,000. @module */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFreeKms, keyArn } from './free-kms.mjs'
import { importFromRoot } from './own-package.mjs'
import { findPostgres, startPostgres } from './postgres.mjs'
import { percentile } from './statistics.mjs'
import { count, ms, times } from './units.mjs'

const { createFileKeyStore, createSealedKeys, createSqlKeyStore } = await importFromRoot(
  'fcl-kms/signers/sealed-key',
)
const { PGlite } = await importFromRoot('@electric-sql/pglite')

const FEW = 1_000
const MANY = 100_000
const AT_ONCE = 32
/** Wallets that sign in each round, each once; none twice. */
const SIGNING = 500
const bars = { ECDSA_secp256k1: 600, ECDSA_P256: 2_000 }
/** US dollars. @see docs/sealed-keys.md */
const PRICES = { symmetricRequest: 0.03 / 10_000, keyMonth: 1 }
const request = { message: new Uint8Array(1_500).fill(7), hashAlgorithm: 'SHA3_256' }
const cache = { maxKeys: 100, maxAgeMs: 600_000, maxUses: 1_000_000 }

/** @param {import('./scope.mjs').Scope} scope */
export async function measureVault(scope) {
  const rates = {}
  for (const algorithm of Object.keys(bars)) {
    scope.say(`  sealed keys of ${algorithm}`)
    rates[algorithm] = await measureRates(scope, algorithm)
  }
  const growth = {}
  for (const [name, openStore] of Object.entries(stores(scope))) {
    scope.say(`  ${count(MANY)} sealed keys in ${name}`)
    growth[name] = await measureGrowth(scope, await openStore())
  }
  return { rates, growth, many: MANY, few: FEW, million: costOfMillion(growth) }
}

function stores(scope) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-sealed-'))
  scope.onStop(() => rmSync(folder, { recursive: true, force: true }))
  const files = () => createFileKeyStore({ folder: join(folder, 'files') })
  const bin = findPostgres()
  if (bin !== undefined)
    return { files, PostgreSQL: async () => createSqlKeyStore(await startPostgres(bin, scope)) }
  const pglite = async () => {
    const database = await PGlite.create(join(folder, 'pglite'))
    scope.onStop(() => database.close())
    return createSqlKeyStore(database)
  }
  return { files, PGlite: pglite }
}

/** One wallet of a store in memory: by data keys that are kept, and by asking KMS each time. */
async function measureRates({ signal }, algorithm) {
  const records = new Map()
  const store = {
    create: async (id, record) => Boolean(records.set(id, record)),
    read: async (id) => records.get(id),
    list: async () => ({ ids: [...records.keys()] }),
    replace: async () => false,
  }
  const kms = createFreeKms()
  const options = { kms: kms.client, keyId: keyArn, store }
  const hot = createSealedKeys({ ...options, dataKeyCache: cache })
  await hot.create('wallet', { algorithm })
  const signer = hot.signer('wallet')
  const cold = createSealedKeys(options).signer('wallet')
  const rounds = bars[algorithm]
  for (const one of [signer, cold]) for (let i = 0; i < 200; i++) await one.sign(request)
  const kept = await rateOf(signer, rounds, signal)
  const asked = await rateOf(cold, rounds, signal)
  const paced = await pace(signer, bars[algorithm] / 2, signal)
  hot.close()
  return { kept, asked, ...paced }
}

async function rateOf(signer, signatures, signal) {
  const started = process.cpuUsage()
  for (let i = 0; i < signatures; i++) await signer.sign(request)
  signal.throwIfAborted()
  return signatures / secondsOf(process.cpuUsage(started))
}

const secondsOf = ({ user, system }) => (user + system) / 1e6

/** Signatures that begin at a steady rate, whether or not the ones before have ended. */
async function pace(signer, rate, signal) {
  const total = Math.round(rate * 4)
  const latencies = []
  const running = []
  const started = performance.now()
  for (let next = 0; next < total; ) {
    signal.throwIfAborted()
    for (; next < total && started + (next * 1_000) / rate <= performance.now(); next++) {
      const due = started + (next * 1_000) / rate
      running.push(signer.sign(request).then(() => latencies.push(performance.now() - due)))
    }
    await sleep(1)
  }
  await Promise.all(running)
  return { pacedRate: rate, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}

/** The same store, with few records and then with many. */
async function measureGrowth({ signal, say }, store) {
  const keys = createSealedKeys({ kms: createFreeKms().client, keyId: keyArn, store })
  const idOf = (index) => `wallet-${index}`
  let made = 0
  const create = async (total) => {
    const started = performance.now()
    const work = async () => {
      while (made < total) {
        const index = made++
        await keys.create(idOf(index), { algorithm: 'ECDSA_P256' })
        signal.throwIfAborted()
        if (index % 20_000 === 19_999) say(`    ${count(index + 1)}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return performance.now() - started
  }
  // Wallets from everywhere in the store, by a signer that is made for the one signature.
  const sign = async (round) => {
    const step = Math.floor(made / SIGNING)
    const latencies = []
    globalThis.gc?.()
    const before = process.memoryUsage()
    const cpu = process.cpuUsage()
    for (let i = 0; i < SIGNING; i++) {
      const started = performance.now()
      await keys.signer(idOf((i * step + round) % made)).sign(request)
      latencies.push(performance.now() - started)
    }
    const cpuMs = (secondsOf(process.cpuUsage(cpu)) * 1_000) / SIGNING
    globalThis.gc?.()
    const after = process.memoryUsage()
    const heapBytes = Math.max(0, after.heapUsed - before.heapUsed) / SIGNING
    return { cpuMs, p50: percentile(latencies, 0.5), heapBytes }
  }
  const best = (rounds) => ({
    cpuMs: Math.min(...rounds.map(({ cpuMs }) => cpuMs)),
    p50: Math.min(...rounds.map(({ p50 }) => p50)),
    heapBytes: Math.min(...rounds.map(({ heapBytes }) => heapBytes)),
  })
  const measure = async () => {
    const rounds = []
    for (let round = 0; round < 4; round++) rounds.push(await sign(round))
    return best(rounds)
  }
  await create(FEW)
  await sign(0) // warms up
  const few = await measure()
  const createMs = await create(MANY)
  const many = await measure()
  return { few, many, createMs: createMs / (MANY - FEW) }
}

/** By the prices of symmetric requests: one to make a data key, one to prove it, one to sign. */
const costOfMillion = () => ({
  create: 2e6 * PRICES.symmetricRequest,
  month: PRICES.keyMonth,
  sign: 1e6 * PRICES.symmetricRequest,
  keyEach: 1e6 * PRICES.keyMonth,
})

/** @param numbers from `measureVault` */
export function addRows(table, { rates, growth, few, many, million }) {
  const note = table.note(
    'One wallet in a store in memory, a message of 1,500 bytes, SHA3-256: read, open, sign, verify. The bar is for data keys that a cache keeps. Beside it each signature asks a KMS in the process that costs nothing, so with the code of the calls and without KMS. Processor time of the whole process.',
  )
  for (const [algorithm, { kept, asked, pacedRate, p50, p99 }] of Object.entries(rates)) {
    const bar = bars[algorithm]
    const name = algorithm.replace('ECDSA_', '')
    table.row({
      what: `Sealed keys, verified signatures a second of processor time, ${name} ${note}`,
      ours: `${count(Math.round(kept))}; asking KMS ${count(Math.round(asked))}`,
      bar: `≥ ${count(bar)}`,
      met: kept >= bar,
    })
    table.row({
      what: `  p50, p99 at ${count(pacedRate)} a second`,
      ours: `${ms(p50)}, ${ms(p99)}`,
      bar: 'p99 < 50 ms',
      met: p99 < 50,
    })
  }
  const grown = table.note(
    `${count(SIGNING)} wallets from everywhere in the store, each with a signer of its own, 4 times, the best; P-256, KMS in the process. Created ${AT_ONCE} at once, each durable.`,
  )
  for (const [name, { few: before, many: after, createMs }] of Object.entries(growth)) {
    table.row({
      what: `${count(many)} sealed keys in ${name}: processor time of a signature ${grown}`,
      ours: `${ms(after.cpuMs)}; with ${count(few)} ${ms(before.cpuMs)}, ${times(after.cpuMs / before.cpuMs)}`,
      bar: '≤ 1.25 ×',
      met: after.cpuMs <= 1.25 * before.cpuMs,
    })
    table.row({
      what: '  p50, memory left by a signature',
      ours: `${ms(after.p50)}, ${Math.round(after.heapBytes)} B; with ${count(few)} ${ms(before.p50)}, ${Math.round(before.heapBytes)} B`,
    })
    table.row({ what: '  to create one', ours: ms(createMs) })
  }
  const dollars = (value) => `$${count(value)}`
  table.row({
    what: `A million wallets: to create, a month, a million signatures ${table.note('KMS alone, by the prices in docs/sealed-keys.md, without a cache of data keys. A KMS key each would be the last number a month.')}`,
    ours: `${[million.create, million.month, million.sign].map(dollars).join(', ')} – ${dollars(million.keyEach)}`,
  })
}
