#!/usr/bin/env node
/** The program: the only file that prints or exits. @module */

import { run } from './run.ts'

const controller = new AbortController()
// Once: a second interrupt ends the process at once, by the system's own default.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => controller.abort(new Error('interrupted')))
// A reader that went away, such as head, is no failure of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const print = (stream: NodeJS.WriteStream, text: string) =>
  text === ''
    ? Promise.resolve()
    : new Promise<void>((resolve) => {
        stream.write(text, () => resolve())
      })

const { stdout, stderr, exitCode } = await run(process.argv.slice(2), {
  env: process.env,
  signal: controller.signal,
  note: (line) => void process.stderr.write(`${line}\n`),
  stdin: process.stdin,
})
await print(process.stdout, stdout)
await print(process.stderr, stderr)
// Not left to the event loop: an abandoned connection must not keep the process.
process.exit(exitCode)
