/** An emulator that can be killed as a crash would, and started again on the same ports. @module */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChildServer, startChildServer } from '../../src/testing/child-server.ts'
import { type FlowChain, startChain } from './flow-chain.ts'
import { startTicks } from './ticks.ts'
import { until } from './until.ts'

/** A chain that survives its emulator. */
export type RestartableChain = {
  readonly chain: FlowChain
  /**
   * Ends the process by SIGKILL; resolves when the port is closed. Where the chain persists, no
   * transaction may be on its way to it: the emulator writes the hundreds of rows of a block one by one,
   * and killed between two of them it has a block for good whose transactions it neither executes nor
   * takes again. No node of the network does that.
   */
  readonly kill: () => Promise<void>
  /** Starts it with the same flags; resolves when it answers. */
  readonly restart: () => Promise<void>
  /** Keeps what the chain is now. */
  readonly snapshot: (name: string) => Promise<void>
  /** Brings back what was kept; what came after it is gone. */
  readonly jump: (name: string) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * @param flags - `persists`: what was committed is there again after a restart. `jumps`: it can be
 * brought back to a snapshot. With either, a block is made for each transaction, and ten a second by
 * hand, none while it is killed or jumps: an emulator that makes one by itself while it jumps commits
 * it on top of the old chain, and answers from both from then on.
 */
export async function startRestartableChain(flags: {
  readonly persists: boolean
  readonly jumps?: boolean
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
  const { persists, jumps = false, extraFlags = [] } = flags
  const byHand = persists || jumps
  const persistence = persists ? ['--persist', `--dbpath=${file('database')}`] : []
  const chain = await startChain({
    command: script,
    extraFlags: [...persistence, ...(jumps ? ['--snapshot'] : []), ...extraFlags],
    ...(byHand ? { blockTimeMs: 0 } : {}),
  })
  const used = (await readFile(file('flags'), 'utf8')).split('\n').filter((flag) => flag !== '')
  const portOf = (name: string) =>
    used.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3)
  const adminUrl = `http://127.0.0.1:${portOf('admin-port')}/emulator`
  const ticks = byHand ? startTicks(() => fetch(`${adminUrl}/newBlock`)) : undefined
  async function admin(method: string, path: string, body?: string): Promise<void> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await ticks?.pause()
    const reply = await fetch(`${adminUrl}/${path}`, { method, headers, ...(body ? { body } : {}) })
    if (!reply.ok) throw new Error(`${method} ${path}: HTTP ${reply.status}`)
    ticks?.resume()
  }
  let server: ChildServer | undefined
  const isUp = () =>
    fetch(`${chain.url}/v1/blocks?height=sealed`).then(
      () => true,
      () => false,
    )
  return {
    chain,
    async kill() {
      await ticks?.pause()
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
      ticks?.resume()
    },
    snapshot: (name) => admin('POST', 'snapshots', `name=${name}`),
    jump: (name) => admin('PUT', `snapshots/${name}`),
    async [Symbol.asyncDispose]() {
      await ticks?.stop()
      await server?.stop()
      await chain[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
