/**
 * The signer of an enclave: in a guest whose processor is emulated, through parent and vsock, beside the
 * same program as an ordinary process, by a Unix socket. Both open the same records by the same KMS. @module
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleInside } from '../tools/lib/enclave/inside.mjs'
import { startLocal } from '../tools/lib/enclave/local-enclave.mjs'
import { importFromRoot } from './own-package.mjs'
import { percentile } from './statistics.mjs'
import { megabytes, ms, seconds } from './units.mjs'

const AT_ONCE = 16
const WARM_UP_MS = 5_000
const SIGN_MS = 8_000
const algorithms = ['ECDSA_P256', 'ECDSA_secp256k1']
/** Data keys are kept, or each signature asks KMS: twice the same enclave. */
const caches = {
  'KMS for each': {},
  'data keys kept': { dataKeyCache: { maxKeys: 10, maxAgeMs: 3_600_000, maxUses: 1_000_000 } },
}

const keys = Object.fromEntries(
  algorithms.map((algorithm) => [
    algorithm,
    {
      ...{ wallet: algorithm, algorithm, accounts: ['0xf8d6e0586b0a20c7'] },
      ...{ payload: false, envelope: false, userMessages: true },
    },
  ]),
)
const { createRemoteSigner } = await importFromRoot('fcl-kms/signers/remote')
const { userMessage } = await importFromRoot('fcl-kms/crypto')
const request = { message: userMessage(new Uint8Array(1_500)), hashAlgorithm: 'SHA3_256' }
// The emulated processor is slow, and the machine may have other things to do.
const patience = { requestTimeoutMs: 60_000, totalTimeoutMs: 120_000 }
const signerOf = (way, key) => createRemoteSigner({ ...way, key, ...patience })

/** @param {import('./scope.mjs').Scope} scope */
export async function measureEnclave(scope) {
  const file = process.env.FCL_KMS_ENCLAVE
  if (file === undefined) throw new Error('the parts of a guest are missing, as said above')
  const numbers = {}
  for (const [cache, more] of Object.entries(caches)) {
    scope.say(`enclave, ${cache}`)
    const enclave = await startLocal(file, { port: 0, configuration: { keys, ...more } })
    scope.onStop(() => enclave[Symbol.asyncDispose]())
    const began = performance.now()
    await signerOf({ url: enclave.url }, algorithms[0]).sign(request)
    const firstMs = performance.now() - began
    const plain = await startProcess(scope, enclave)
    const rates = {}
    for (const [way, where] of [
      ['guest', { url: enclave.url }],
      ['process', { socketPath: plain }],
    ]) {
      rates[way] = {}
      for (const algorithm of algorithms) {
        scope.say(`  ${way}, ${algorithm}`)
        rates[way][algorithm] = await ratesOf(scope, signerOf(where, algorithm))
      }
    }
    const { bootMs, imageBytes } = enclave
    numbers[cache] = { bootMs, firstMs, imageBytes, rates, memory: residentBytes(enclave.pid()) }
    await scope.stopAll()
  }
  return numbers
}

/** The program of the guest, on the sockets of its parent, its security module and its KMS. */
async function startProcess(scope, { sockets, configuration }) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-enclave-'))
  scope.onStop(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, path] of Object.entries(sockets))
    symlinkSync(path, join(folder, `${name}.sock`))
  const program = join(folder, 'enclave.mjs')
  writeFileSync(program, await bundleInside())
  writeFileSync(join(folder, 'enclave.json'), configuration)
  const where = ['--run', folder, '--configuration', join(folder, 'enclave.json')]
  const child = spawn(process.execPath, [program, ...where], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  scope.onStop(() => void child.kill())
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', () => reject(new Error('the program of the enclave ended')))
  })
  return join(folder, 'signing.sock')
}

/** One after the other, then so many at once. */
async function ratesOf(scope, signer) {
  await signFor(scope, signer, AT_ONCE, WARM_UP_MS)
  const alone = await signFor(scope, signer, 1, SIGN_MS)
  const together = await signFor(scope, signer, AT_ONCE, SIGN_MS)
  return {
    rate: (alone.length * 1_000) / SIGN_MS,
    medianMs: percentile(alone, 0.5),
    p99Ms: percentile(alone, 0.99),
    together: (together.length * 1_000) / SIGN_MS,
  }
}

/** @returns {Promise<number[]>} milliseconds of each signature */
async function signFor({ signal }, signer, atOnce, durationMs) {
  const times = []
  const end = performance.now() + durationMs
  const lane = async () => {
    while (performance.now() < end) {
      signal.throwIfAborted()
      const started = performance.now()
      await signer.sign(request)
      times.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return times
}

function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024
}

/** @param {{ machine: object, enclave: object }} results */
export function enclaveTable({ machine, enclave }) {
  const lines = [
    ['what', 'guest, by vsock', 'process, by Unix socket', 'guest adds'],
    ...Object.entries(enclave).flatMap(([cache, { rates }]) =>
      algorithms.flatMap((algorithm) => rowsOf(cache, algorithm, rates)),
    ),
  ]
  const [{ bootMs, firstMs, imageBytes, memory }] = Object.values(enclave)
  return [
    `${machine.cores} cores (${machine.processor}), ${machine.system}, load ${machine.loadBefore.toFixed(1)} before the run`,
    `Node.js ${machine.node} outside`,
    '',
    `From the start of the machine to the first signature: ${seconds(bootMs + firstMs)}, of which ${ms(firstMs)} the signature`,
    `Image: ${megabytes(imageBytes)}; memory of the whole emulator: ${megabytes(memory)}`,
    '',
    ...lines
      .map((cells) => `| ${cells.join(' | ')} |`)
      .toSpliced(1, 0, '| --- | ---: | ---: | ---: |'),
  ].join('\n')
}

function rowsOf(cache, algorithm, { guest, process: plain }) {
  const [inside, outside] = [guest[algorithm], plain[algorithm]]
  const rate = (value) => `${value.toFixed(value < 10 ? 1 : 0)} a second`
  const times = (more, less) => `${(more / less).toFixed(1)} × slower`
  return [
    [
      `${algorithm}, ${cache}, one at a time: p50 (p99)`,
      `${ms(inside.medianMs)} (${ms(inside.p99Ms)})`,
      `${ms(outside.medianMs)} (${ms(outside.p99Ms)})`,
      ms(inside.medianMs - outside.medianMs),
    ],
    [
      `${algorithm}, ${cache}, ${AT_ONCE} at once`,
      rate(inside.together),
      rate(outside.together),
      times(outside.together, inside.together),
    ],
  ]
}
