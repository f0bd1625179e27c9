/**
 * `npm run bench`: one table, measured in one run on real servers.
 *
 * - `--only signing` or `--only throughput`: half of it.
 * - `--only admin`: the admin server, as a table of its own; `--minutes 10` of load for its memory.
 * - `--only vaults`: sealed keys and the other vaults, as a table of their own.
 * - `--only enclave`: the signer of an enclave in a guest, as a table of its own.
 * - `--full`: ten thousand transactions on the emulator, too, which takes minutes.
 * - `--plot`: the model of mainnet alone, as docs/throughput.svg.
 * - `--json`: the raw numbers.
 *
 * Ends with code 1 when something could not be measured, not when a bar is missed. @module
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { rootRequire } from './own-package.mjs'
import { tableOf } from './rows.mjs'
import { createScope } from './scope.mjs'

/** More than twice what each takes on two idle cores. */
const DEADLINE_S = {
  signing: 175,
  throughput: 800,
  full: 600,
  plot: 400,
  admin: 400,
  vaults: 2_400,
  enclave: 900,
}

const options = readOptions()
// The AWS client would say at each start which versions of Node.js it will leave behind.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const scope = createScope()
const { signal, say, end, stopAll } = scope
const ended = new Promise((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
})
ended.catch(() => undefined)
let exitCode = 0
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(name, () => {
    exitCode = code
    end(new Error(`ended by ${name}`))
  })
const deadlineS =
  options.parts.reduce((sum, part) => sum + DEADLINE_S[part], 0) + 120 * options.minutes
const timer = setTimeout(() => end(new Error(`not done after ${deadlineS} s`)), deadlineS * 1_000)

try {
  const { results, print } = await Promise.race([measure(), ended])
  console.log(options.json ? JSON.stringify(results, null, 2) : print(results))
} catch (error) {
  exitCode ||= 1
  console.error(`Not measured: ${error instanceof Error ? error.message : error}`)
} finally {
  clearTimeout(timer)
  end(new Error('over'))
  await stopAll()
}
process.exit(exitCode)

/** Each part is loaded when it is due: the first measures what others would load before it. */
async function measure() {
  const results = { machine: machineFacts() }
  const { parts } = options
  if (parts.includes('plot')) {
    const { measurePlot, plotTable } = await import('./plot.mjs')
    return { results: await measurePlot(scope), print: plotTable }
  }
  if (parts.includes('admin')) {
    const { measureAdmin } = await import('./admin-server.mjs')
    const { adminTable } = await import('./admin-rows.mjs')
    results.admin = await measureAdmin(scope, { memoryMinutes: options.minutes })
    return { results, print: adminTable }
  }
  if (parts.includes('vaults')) {
    const { measureVaults } = await import('./vaults.mjs')
    const { numbers, print } = await measureVaults(scope)
    return { results: { ...results, vaults: numbers }, print }
  }
  if (parts.includes('enclave')) {
    const { enclaveTable, measureEnclave } = await import('./enclave.mjs')
    return { results: { ...results, enclave: await measureEnclave(scope) }, print: enclaveTable }
  }
  if (parts.includes('signing')) {
    const { measureSigning } = await import('./measure-signing.mjs')
    results.signing = await measureSigning(scope)
    await stopAll()
  }
  if (parts.includes('throughput')) {
    const { measureThroughput } = await import('./measure-throughput.mjs')
    results.throughput = await measureThroughput(scope, { full: parts.includes('full') })
  }
  say('done')
  return { results, print: tableOf }
}

function readOptions() {
  const flag = { type: 'boolean', default: false }
  const { values } = parseArgs({
    options: {
      ...{ json: flag, plot: flag, full: flag, only: { type: 'string' } },
      minutes: { type: 'string', default: '1' },
    },
  })
  const { json, plot, full, only } = values
  const minutes = Number(values.minutes)
  const names = ['signing', 'throughput', 'admin', 'vaults', 'enclave']
  if (only !== undefined && !names.includes(only)) refuse(`--only takes one of ${names.join(', ')}`)
  if (!(minutes >= 0.5 && minutes <= 60)) refuse('--minutes takes 0.5 to 60')
  if (plot) return { json, minutes: 0, parts: ['plot'] }
  if (only === 'admin') return { json, minutes, parts: ['admin'] }
  if (only === 'vaults' || only === 'enclave') return { json, minutes: 0, parts: [only] }
  const parts = only === undefined ? ['signing', 'throughput'] : [only]
  return { json, minutes: 0, parts: full ? [...parts, 'full'] : parts }
}

function refuse(sentence) {
  console.error(sentence)
  process.exit(1)
}

function machineFacts() {
  const version = (name) => rootRequire(`${name}/package.json`).version
  const names = ['@onflow/fcl', '@aws-sdk/client-kms', 'fcl-kms-authorizer']
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    loadBefore: loadavg()[0],
    versions: Object.fromEntries(names.map((name) => [name, version(name)])),
  }
}
