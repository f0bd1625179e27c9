/**
 * `npm run bench`: one table, measured in one run on real servers. `--json` prints the raw numbers.
 * Ends with code 1 when something could not be measured, not when a bar is missed. @module
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createAccounts } from './accounts.mjs'
import { measureAddedTime } from './added-time.mjs'
import { measureBundle } from './bundle.mjs'
import { measureColdImport } from './cold-import.mjs'
import { measureInstallSize } from './install-size.mjs'
import { rootRequire } from './own-package.mjs'
import { attemptWeightedPeer } from './peer-attempts.mjs'
import { tableOf } from './rows.mjs'
import { startServers } from './servers.mjs'
import { measureTransactions } from './transactions.mjs'

/** More than twice what it takes on two idle cores. */
const DEADLINE_MS = 175_000

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
// The AWS client would say at each start which versions of Node.js it will leave behind.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const ending = new AbortController()
const { signal } = ending
/** @type {(() => unknown)[]} */
const stops = []
const onStop = (stop) => stops.push(stop)
const say = (text) =>
  console.error(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${text}`)

const ended = new Promise((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
})
let exitCode = 0
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.on(name, () => {
    exitCode = code
    ending.abort(new Error(`ended by ${name}`))
  })
const timer = setTimeout(
  () => ending.abort(new Error(`not done after ${DEADLINE_MS / 1_000} s`)),
  DEADLINE_MS,
)

try {
  const results = await Promise.race([measure(), ended])
  console.log(options.json ? JSON.stringify(results, null, 2) : tableOf(results))
} catch (error) {
  exitCode ||= 1
  console.error(`Not measured: ${error instanceof Error ? error.message : error}`)
} finally {
  clearTimeout(timer)
  ending.abort(new Error('over'))
  await stopAll()
}
process.exit(exitCode)

async function measure() {
  const machine = machineFacts()
  say('starting a Flow emulator and an AWS endpoint')
  const servers = await startServers({ signal, onStop })
  const accounts = await createAccounts(servers)
  say('sending transactions')
  const transactions = await measureTransactions(servers, accounts, signal)
  const weightedPeer = await attemptWeightedPeer(servers, accounts.halves, signal)
  await servers.flow.stop() // its blocks cost time that the next measurements would show
  say('timing signatures')
  const addedTime = await measureAddedTime(servers.kmsConfig, signal)
  await stopAll()
  say('timing imports in fresh processes')
  const coldImport = await measureColdImport(signal)
  say('bundling and weighing')
  const bundle = {
    ours: await measureBundle('fcl-kms'),
    peer: await measureBundle('fcl-kms-authorizer'),
  }
  const install = await measureInstallSize(signal)
  say('done')
  return { machine, transactions, weightedPeer, addedTime, coldImport, bundle, install }
}

/** Twice is once: whoever comes first stops all that was started. */
async function stopAll() {
  await Promise.allSettled(stops.splice(0).map((stop) => stop()))
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
