/**
 * The signing service: what it adds to a signature of the key behind it, by a Unix socket and by HTTP,
 * and how many it makes a second. The service is a process of its own. @module
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { importFromRoot } from './own-package.mjs'
import { mintMessage } from './service-messages.mjs'
import { percentile } from './statistics.mjs'
import { count, ms } from './units.mjs'

const SIGNATURES = 300
/** Enough for both processes to be compiled; with 50 the door that came first took twice as long. */
const WARM_UP = 500
const BURST = 5_000
const AT_ONCE = 16
const program = fileURLToPath(new URL('./service-program.mjs', import.meta.url))
const bars = { 1: 1, 1000: 8 }

/** @param {import('./scope.mjs').Scope} scope */
export async function measureVault(scope) {
  const { createRemoteSigner } = await importFromRoot('fcl-kms/signers/remote')
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-service-'))
  scope.onStop(() => rmSync(folder, { recursive: true, force: true }))
  const socketPath = join(folder, 'sign')
  const service = fork(program, [socketPath])
  scope.onStop(() => void service.kill())
  const [{ url }] = await new Promise((resolve, reject) => {
    service.once('message', (message) => resolve([message]))
    service.once('exit', () => reject(new Error('the service ended')))
  })
  const doors = { 'a Unix socket': { socketPath }, HTTP: { url } }
  const added = {}
  const rates = {}
  for (const [door, way] of Object.entries(doors)) {
    const signer = createRemoteSigner({ ...way, key: 'mint' })
    added[door] = {}
    for (const items of Object.keys(bars).map(Number)) {
      scope.say(`  ${items} items by ${door}`)
      added[door][items] = await addedTime(signer, service, mintMessage(items))
      scope.signal.throwIfAborted()
    }
    rates[door] = await rateOf(signer)
  }
  return { added, rates }
}

/** Of one call after the other, less what the key behind the service takes for the same message. */
async function addedTime(signer, service, message) {
  const request = { message, hashAlgorithm: 'SHA3_256' }
  for (let i = 0; i < WARM_UP; i++) await signer.sign(request)
  const whole = []
  for (let i = 0; i < SIGNATURES; i++) {
    const started = performance.now()
    await signer.sign(request)
    whole.push(performance.now() - started)
  }
  service.send({ message: Buffer.from(message).toString('hex'), signatures: SIGNATURES })
  const behind = await new Promise((resolve) => service.once('message', resolve))
  return { p50: percentile(whole, 0.5), behind: percentile(behind, 0.5) }
}

async function rateOf(signer) {
  const message = mintMessage(1)
  let left = BURST
  const started = performance.now()
  const work = async () => {
    while (left-- > 0) await signer.sign({ message, hashAlgorithm: 'SHA3_256' })
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return (BURST * 1_000) / (performance.now() - started)
}

/** @param numbers from `measureVault` */
export function addRows(table, { added, rates }) {
  const note = table.note(
    `A P-256 sealed key whose data key a cache keeps, behind a policy, in another process on this machine. Added: the median of ${SIGNATURES} calls through the client, with what it verifies again, less that of the signer in the service.`,
  )
  for (const [door, byItems] of Object.entries(added))
    for (const [items, { p50, behind }] of Object.entries(byItems))
      table.row({
        what: `Signing service by ${door}: added to a mint of ${count(Number(items))} ${note}`,
        ours: `${ms(p50 - behind)} (${ms(p50)} less ${ms(behind)})`,
        bar: `≤ ${ms(bars[items])}`,
        met: p50 - behind <= bars[items],
      })
  for (const [door, rate] of Object.entries(rates))
    table.row({
      what: `  signatures a second by ${door}, ${AT_ONCE} at once`,
      ours: count(Math.round(rate)),
      bar: '≥ 1,000',
      met: rate >= 1_000,
    })
}
