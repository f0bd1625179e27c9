/**
 * The parent of an enclave on EC2, as the unit of the stack `enclave` starts it: `node parent.mjs`, with its
 * settings in the environment and the program `bridge` beside it. It says on stdout, a line of JSON each,
 * what happens and each minute how things are, and on stderr why it ends.
 * @module
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isSignerError } from 'fcl-kms'
import { createEnclaveHost, createNitroRunner, type EnclaveHost } from 'fcl-kms/enclave'
import { listen, type ServiceDoor } from 'fcl-kms/signing-service'
import { type Bridge, startBridge } from './bridge.ts'
import { placeOfDoor } from './door.ts'
import { eachMinute } from './each-minute.ts'
import { keyMaker } from './keys.ts'
import { recordsOf } from './records.ts'
import { readSettings } from './settings.ts'

/** Any that no other enclave of the instance has. */
const CID = 16
/** As the enclave knows it. */
const KMS_PORT = 8_001
const END_MS = 30_000

const ending = new AbortController()
let bridge: Bridge | undefined
let host: EnclaveHost | undefined
let door: ServiceDoor | undefined
let silence: () => void = () => undefined

const line = (event: object) =>
  `${JSON.stringify({ fclKms: 'enclave-parent', at: new Date().toISOString(), ...event })}\n`
const say = (event: object) => {
  process.stdout.write(line(event))
}

async function end(code: number): Promise<void> {
  if (ending.signal.aborted) return
  ending.abort(new Error('it ends'))
  setTimeout(() => process.exit(1), END_MS).unref()
  silence()
  await starting.catch(() => undefined) // what it had opened by then is closed
  await door?.close().catch(() => undefined)
  await host?.close().catch(() => undefined)
  await bridge?.close().catch(() => undefined)
  if (code === 0) say({ kind: 'stopped' })
  process.exit(code)
}

function problemOf(thrown: unknown): object {
  if (isSignerError(thrown)) return { code: thrown.code, message: thrown.message }
  // Of a foreign error only its class and code: its text may hold what it was about.
  const { name, code } = Object(thrown)
  return { code: 'OTHER', name: String(name), systemCode: String(code) }
}

function fail(thrown: unknown): void {
  if (ending.signal.aborted) return
  process.stderr.write(line({ kind: 'failed', error: problemOf(thrown) }))
  void end(1)
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end(0))
process.umask(0o077)
// The log is for what it has to say.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

async function start(): Promise<void> {
  const { signal } = ending
  await undefined // then whoever ends it can wait for it
  const settings = readSettings(process.env)
  const { image, cpuCount, memoryMib, runtimeFolder, logGroup } = settings
  const place = await placeOfDoor(settings.credentialsFolder, settings.doorPort)
  const socketPath = join(runtimeFolder, 'vsock')
  say({ kind: 'starting', image, cpuCount, memoryMib, logGroup })
  bridge = await startBridge({
    program: fileURLToPath(new URL('bridge', import.meta.url)),
    ...{ cid: CID, socketPath, signal },
    onEnd: (reason) => say({ kind: 'bridge-ended', reason }),
  })
  host = await createEnclaveHost({
    vsock: { socketPath },
    runner: createNitroRunner({ image, cpuCount, memoryMib, cid: CID }),
    store: recordsOf(settings),
    hosts: { [KMS_PORT]: settings.kmsHost },
    signal,
    onEvent(event) {
      say(event)
      // Nothing more is tried: a parent that begins anew tries again.
      if (event.kind === 'gave-up') void end(1)
    },
  })
  signal.throwIfAborted()
  door = await listen(host.service, place)
  signal.throwIfAborted()
  say({ kind: 'open', address: door.address })
  const makeKeys = keyMaker(settings.keys, { say, problemOf })
  const running = host
  silence = eachMinute(() => {
    say({ kind: 'statistics', ...running.stats() })
    void makeKeys(running)
  })
}

const starting: Promise<void> = start()
starting.catch(fail)
