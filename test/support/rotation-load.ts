/** Processes that mint all the time, and what came of it when they have stopped. @module */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FlowChain } from './flow-chain.ts'
import type { MintAccount } from './mint-relay.ts'
import { sealedHeight } from './rotation-blocks.ts'
import { type ChainTransaction, readOutcomes } from './rotation-outcomes.ts'
import type { KeyPlace, VaultPlaces } from './rotation-vaults.mjs'
import { until } from './until.ts'

/** What the processes are told. */
export type LoadOptions = {
  readonly accessNode: string
  readonly address: string
  /** Signers of the authorizer. */
  readonly held: readonly KeyPlace[]
  readonly places: VaultPlaces
  readonly databaseUrl: string
  readonly account: MintAccount
  readonly processes: number
  /** Mints at a time, of each process. */
  readonly lanes: { readonly relay: number; readonly fcl: number }
}

/** Mints that are under way. */
export type Load = AsyncDisposable & {
  /** Ids that a relay accepted or that FCL sent. */
  readonly asked: () => number
  /** Mints of which the process knows that they are on chain, or sent. */
  readonly minted: () => number
  /** Lets all end what they have begun. Rejects when a process did not end by itself. */
  readonly stop: () => Promise<void>
  /** After `stop`: compares with the chain. */
  readonly audit: (chain: FlowChain, since: number) => Promise<LoadAudit>
}

/** Empty lists are good. */
export type LoadAudit = {
  readonly mints: number
  /** Asked for and accepted, and not on chain. */
  readonly lost: readonly string[]
  /** On chain more than once. */
  readonly doubled: readonly string[]
  /** On chain, and nobody asked. */
  readonly strangers: readonly string[]
  /** Calls that rejected, with their codes. */
  readonly rejected: readonly string[]
  /** Transactions that the chain refused or that failed, those of the rotation apart. */
  readonly failed: readonly ChainTransaction[]
  /** Of the rotation. */
  readonly rotationFailed: readonly ChainTransaction[]
  /** All that blocks hold, the account's and others'. */
  readonly transactions: number
}

type Line =
  | { readonly say: 'ready' | 'closed' }
  | { readonly say: 'accepted' | 'minted'; readonly id: string }
  | { readonly say: 'event'; readonly kind: string }
  | {
      readonly say: 'failed'
      readonly id: string
      readonly code?: string
      readonly message: string
    }

const program = fileURLToPath(new URL('./rotation-load-process.mjs', import.meta.url))

/** Resolves when all of them mint. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { account, processes, ...shared } = options
  const { cadence, args, limit } = account.plain
  const mint = { cadence, args: args('id').slice(1), limit }
  const all = Array.from({ length: processes }, (_, index) =>
    startOne({ ...shared, mint, name: `process-${index}` }),
  )
  const dispose = async () => {
    for (const one of all) await one.kill()
  }
  try {
    await Promise.all(all.map(({ ready }) => ready))
  } catch (thrown) {
    await dispose()
    throw thrown
  }
  const told = (say: 'accepted' | 'minted') => all.flatMap((one) => [...one[say]])
  return {
    asked: () => new Set([...told('accepted'), ...told('minted')]).size,
    minted: () => told('minted').length,
    async stop() {
      await Promise.all(all.map((one) => one.stop()))
    },
    async audit(chain, since) {
      const asked = new Set([...told('accepted'), ...told('minted')])
      // FCL resolves when it has sent: what is in flight yet is waited for.
      let counts = await account.minted()
      await until(async () => {
        counts = await account.minted()
        return [...asked].every((id) => counts.has(id))
      }, 20_000).catch(() => undefined)
      const outcomes = await readOutcomes(chain.url, {
        from: since,
        to: await sealedHeight(chain.url),
      })
      const failed = outcomes.filter(({ errorCodes }) => errorCodes.length > 0)
      return {
        mints: asked.size,
        lost: [...asked].filter((id) => !counts.has(id)),
        doubled: [...counts].filter(([, ids]) => ids.length > 1).map(([id]) => id),
        strangers: [...counts.keys()].filter((id) => !asked.has(id)),
        rejected: all.flatMap(({ rejected }) => rejected),
        failed: failed.filter(({ rotation }) => rotation === undefined),
        rotationFailed: failed.filter(({ rotation }) => rotation !== undefined),
        transactions: outcomes.length,
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

function startOne(options: object) {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], LOAD_PROCESS: JSON.stringify(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = `${complaints}${text}`.slice(-4_000)
  })
  child.stdin.on('error', () => undefined) // it is dead: that is told by `stop`
  const accepted = new Set<string>()
  const minted = new Set<string>()
  const rejected: string[] = []
  let isReady = false
  let isClosed = false
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: Line = JSON.parse(text)
    if (line.say === 'ready') isReady = true
    if (line.say === 'closed') isClosed = true
    if (line.say === 'accepted') accepted.add(line.id)
    if (line.say === 'minted') minted.add(line.id)
    if (line.say === 'failed') rejected.push(`${line.id}: ${line.code ?? line.message}`)
  })
  const ended = once(child, 'close')
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  return {
    accepted,
    minted,
    rejected,
    ready: until(() => isReady || isOver()).then(() => {
      if (!isReady) throw new Error(`the process ended at once. It said:\n${complaints}`)
    }),
    async stop() {
      child.stdin.write('"stop"\n')
      await until(isOver, 100_000)
      await ended
      if (!isClosed) throw new Error(`a process ended by itself. It said:\n${complaints}`)
    },
    async kill() {
      if (!isOver()) child.kill('SIGKILL')
      await ended
    },
  }
}
