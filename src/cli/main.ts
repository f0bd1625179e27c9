#!/usr/bin/env node
/** The program: the only file that prints or exits. @module */

import { codeOfSystem, describeLostOutput } from './failure.ts'
import { run } from './run.ts'

const controller = new AbortController()
// Once: a second interrupt ends the process at once, by the system's own default.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => controller.abort(new Error('interrupted')))
// Told by what `write` says: without a listener Node.js would end the process first.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

/** @returns Why it could not be written, as a code of the system. */
const print = (stream: NodeJS.WriteStream, text: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    if (text === '') return resolve(undefined)
    stream.write(text, (error) => resolve(error ? codeOfSystem(error) : undefined))
  })

const { stdout, stderr, exitCode } = await run(process.argv.slice(2), {
  env: process.env,
  signal: controller.signal,
  note: (line) => void process.stderr.write(`${line}\n`),
  stdin: process.stdin,
})
const lost = await print(process.stdout, stdout)
const failure = lost === undefined ? { stderr, exitCode } : describeLostOutput(lost, stderr)
await print(process.stderr, failure.stderr)
// Not left to the event loop: an abandoned connection must not keep the process.
process.exit(failure.exitCode)
