/**
 * What runs inside: `node enclave.mjs --run <folder of sockets> --configuration <file>`. It says on stdout
 * that it runs, and on stderr, with a code, why it ends.
 * @module
 */

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isSignerError, SignerError } from 'fcl-kms'
import { MAX_CONFIGURATION_BYTES, parseConfiguration } from './configuration.ts'
import { createEvents, type Events } from './events.ts'
import { faultOf } from './health.ts'
import { createParent } from './parent.ts'
import { type EnclaveProgram, startProgram } from './program.ts'

let program: EnclaveProgram | undefined
let events: Events | undefined
let isEnding = false

const say = (event: object) => `${JSON.stringify({ fclKms: 'enclave', ...event })}\n`

async function end(code: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  setTimeout(() => process.exit(code === 0 ? 1 : code), 15_000).unref()
  await program?.close().catch(() => undefined)
  await events?.flush()
  process.exit(code)
}

function fail(thrown: unknown): void {
  const error = faultOf(thrown)
  // Of a foreign error only its class and code: its text may hold what it was about.
  const { name, code } = Object(thrown)
  const more = isSignerError(thrown) ? {} : { name: String(name), systemCode: String(code) }
  process.stderr.write(say({ event: 'failed', error, ...more }))
  events?.tell({ fclKms: 'enclave', event: 'failed', error })
  void end(1)
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end(0))
process.umask(0o077)
// The SDK reads settings there; in an enclave only what is measured counts.
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
process.env['AWS_CONFIG_FILE'] = '/dev/null'
process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/dev/null'
// The log of an enclave is for what it has to say.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

async function start(): Promise<void> {
  const { run, configuration: path } = readArguments()
  const ask = createParent(join(run, 'parent.sock'))
  events = createEvents(ask)
  const configuration = parseConfiguration(await readConfiguration(path))
  program = await startProgram(configuration, { run, ask, events })
  process.stdout.write(say({ event: 'started', name: configuration.name }))
}

function readArguments(): { readonly run: string; readonly configuration: string } {
  try {
    const options = { run: { type: 'string' }, configuration: { type: 'string' } } as const
    const { run, configuration } = parseArgs({ options, strict: true }).values
    if (run !== undefined && configuration !== undefined) return { run, configuration }
  } catch {}
  const reason = 'they are not --run <folder> --configuration <file>'
  throw new SignerError('ENCLAVE_START_FAILED', { step: 'arguments', reason })
}

async function readConfiguration(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(MAX_CONFIGURATION_BYTES + 1)
    const { bytesRead } = await file.read(buffer)
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead))
  } catch (thrown) {
    const reason = `the file cannot be read: ${String(Object(thrown).code ?? 'it is not UTF-8')}`
    throw new SignerError('ENCLAVE_CONFIGURATION_INVALID', { reason })
  }
}

start().catch(fail)
