/** An emulator that can be killed as a crash would, and started again on the same ports. @module */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChildServer, startChildServer } from '../../src/testing/child-server.ts'
import { type FlowChain, startChain } from './flow-chain.ts'
import { until } from './until.ts'

/** A chain that survives its emulator. */
export type RestartableChain = {
  readonly chain: FlowChain
  /** Ends the process by SIGKILL; resolves when the port is closed. */
  readonly kill: () => Promise<void>
  /** Starts it with the same flags; resolves when it answers. */
  readonly restart: () => Promise<void>
  /** Tells the admin API to do something, such as `snapshots/name`; again until it does. */
  readonly admin: (method: string, path: string, form?: string) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * @param flags - `persists`: what was committed is there again after a restart.
 */
export async function startRestartableChain(flags: {
  readonly persists: boolean
  readonly extraFlags?: readonly string[]
}): Promise<RestartableChain> {
  const folder = await mkdtemp(join(tmpdir(), 'restartable-chain-'))
  const file = (name: string) => join(folder, name)
  const script = file('emulator.sh')
  const emulator = process.env['FLOW_EMULATOR'] || 'flow emulator'
  // The flags hold the ports, which only the starter knows, and `exec` keeps the process id.
  const lines = [
    '#!/bin/sh',
    `echo $$ > "${file('pid')}"`,
    `printf '%s\\n' "$@" > "${file('flags')}"`,
    `exec ${emulator} "$@"`,
  ]
  await writeFile(script, `${lines.join('\n')}\n`, { mode: 0o700 })
  const { persists, extraFlags = [] } = flags
  const persistence = persists ? ['--persist', `--dbpath=${file('database')}`] : []
  const chain = await startChain({ command: script, extraFlags: [...persistence, ...extraFlags] })
  const used = (await readFile(file('flags'), 'utf8')).split('\n').filter((flag) => flag !== '')
  const portOf = (name: string) =>
    used.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3)
  let server: ChildServer | undefined
  const isUp = () =>
    fetch(`${chain.url}/v1/blocks?height=sealed`).then(
      () => true,
      () => false,
    )
  return {
    chain,
    async kill() {
      process.kill(Number(await readFile(file('pid'), 'utf8')), 'SIGKILL')
      await until(async () => !(await isUp()))
    },
    async restart() {
      server = await startChildServer({
        name: 'The Flow emulator',
        command: script,
        remedy: 'set FLOW_EMULATOR to the path of an emulator.',
        flags: used,
        env: process.env,
        readyUrl: `${chain.url}/v1/blocks?height=sealed`,
        deadlineMs: 30_000,
        graceMs: 1_000,
      })
    },
    async admin(method, path, form) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const url = `http://127.0.0.1:${portOf('admin-port')}/emulator/${path}`
      const init = { method, headers, ...(form ? { body: form } : {}) }
      // It refuses with 500 while it executes a block.
      await until(async () => (await fetch(url, init)).ok, 30_000)
    },
    async [Symbol.asyncDispose]() {
      await server?.stop()
      await chain[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
