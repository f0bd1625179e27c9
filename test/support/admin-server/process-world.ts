/** One treasury, one database, and as many processes of the admin server on it as a test wants. @module */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Role } from '../../../examples/admin-server/src/access/principal.ts'
import { createToken } from '../../../examples/admin-server/src/access/tokens.ts'
import type { Config } from '../../../examples/admin-server/src/config/config.ts'
import { openDatabase } from '../../../examples/admin-server/src/database/database.ts'
import { migrate } from '../../../examples/admin-server/src/database/migrate.ts'
import { freePorts } from '../../../src/testing/child-server.ts'
import { readMinted } from '../mint-relay.ts'
import {
  runServerCommand,
  type ServerPlace,
  type ServerProcess,
  type ServerSettings,
  startServerProcess,
} from './process.ts'
import type { ServerDatabase } from './process-database.ts'
import { type AdminChain, type Answer, type Treasury, twoKeys } from './world.ts'

/** See `startServerWorld`. */
export type ServerWorld = AsyncDisposable & {
  readonly database: ServerDatabase
  readonly treasury: Treasury
  readonly tokens: Readonly<Record<Principal, string>>
  /** That have not ended, the oldest first. */
  readonly alive: () => readonly ServerProcess[]
  /** Starts one, on a free port. `ready` tells when it works. */
  readonly start: (nodeArguments?: string[]) => Promise<ServerProcess>
  /** The same, and waits until it works. */
  readonly startReady: () => Promise<ServerProcess>
  /** Runs `main.js` with these arguments. @returns What it prints. */
  readonly command: (...args: readonly string[]) => Promise<string>
  /** The same. @returns What it complains of. */
  readonly complaints: (...args: readonly string[]) => Promise<string>
  /** Later processes work on this database. */
  readonly moveTo: (place: ServerPlace) => void
  /** NFT ids by the ids of items, by the events of the contract. */
  readonly minted: () => ReturnType<typeof readMinted>
  /**
   * Calls a process that lives, in turn, and the next one when it dies, is not ready, or says 503: what
   * a careful client does. Gives up after a minute.
   */
  readonly insist: Insist
}

/** Who calls. Alice approves. */
export type Principal = 'shop' | 'alice' | 'eve'

/** See `ServerWorld`. */
export type Insist = (
  principal: Principal,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>

const rolesOf: Readonly<Record<Principal, readonly Role[]>> = {
  shop: ['requester'],
  alice: ['approver'],
  eve: ['auditor', 'operator'],
}
const INSIST_MS = 90_000

/** NFTs take storage of who holds them, for which an account has to hold FLOW. */
const fundCadence = `
import FungibleToken from 0xee82856bf20e2aa6
import FlowToken from 0x0ae53cb6e3f42a79

transaction(to: Address) {
  prepare(signer: auth(BorrowValue) &Account) {
    let flow = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
      from: /storage/flowTokenVault
    )!
    getAccount(to).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
      .deposit(from: <- flow.withdraw(amount: 100.0))
  }
}`

/**
 * Makes the tables and tokens, and starts no server.
 *
 * @param database - Owned by the world from here on.
 */
export async function startServerWorld(
  chain: AdminChain,
  database: ServerDatabase,
  options: { readonly copies?: number; readonly change?: Partial<Config> } = {},
): Promise<ServerWorld> {
  const files = mkdtempSync(join(tmpdir(), 'fcl-kms-admin-files-'))
  const processes: ServerProcess[] = []
  let place = database.place
  let turn = 0
  const alive = () => processes.filter((one) => !one.hasEnded())
  async function dispose(): Promise<void> {
    await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()))
    await database[Symbol.asyncDispose]()
    rmSync(files, { recursive: true, force: true })
  }
  try {
    const treasury = await chain.createTreasury(twoKeys, options.copies)
    const { errorMessage } = await chain.chain.send({
      cadence: fundCadence,
      args: (arg, t) => [arg(treasury.address, t['Address'])],
      authz: chain.chain.service,
    })
    if (errorMessage !== '') throw new Error(errorMessage)
    const config = { ...treasury.config, ...options.change }
    const settings = (): ServerSettings => ({ config, place, files })
    const command = async (...args: readonly string[]) =>
      (await runServerCommand(settings(), args)).stdout.trim()
    const complaints = async (...args: readonly string[]) =>
      (await runServerCommand(settings(), args)).stderr
    const start: ServerWorld['start'] = async (nodeArguments = []) => {
      const [port = 0] = await freePorts(1)
      const started = startServerProcess(settings(), { port, nodeArguments })
      processes.push(started)
      return started
    }
    const tokens = await createTokens(place)

    async function insist(...[principal, ...call]: Parameters<Insist>): Promise<Answer> {
      for (const deadline = performance.now() + INSIST_MS; ; await sleep(20)) {
        turn += 1
        const ready = alive()
        const one = ready[turn % Math.max(1, ready.length)]
        const answer = await one
          ?.callAs(tokens[principal])(...call)
          .catch(() => undefined)
        if (answer !== undefined && answer.status !== 503) return answer
        if (performance.now() > deadline)
          throw new Error(`no answer within ${INSIST_MS} ms: ${JSON.stringify(answer?.body)}`)
      }
    }

    return {
      database,
      treasury,
      tokens,
      alive,
      start,
      async startReady() {
        const started = await start()
        await started.ready
        return started
      },
      command,
      complaints,
      moveTo: (other) => {
        place = other
      },
      minted: () => readMinted(chain.chain.url, treasury.address),
      insist,
      [Symbol.asyncDispose]: dispose,
    }
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

/** Here and not by the command, since opening a folder takes seconds each time. */
async function createTokens(place: ServerPlace): Promise<Readonly<Record<Principal, string>>> {
  const database = await openDatabase('folder' in place ? place : { url: place.databaseUrl })
  try {
    await migrate(database)
    const made = { shop: '', alice: '', eve: '' }
    for (const principal of ['shop', 'alice', 'eve'] as const) {
      const facts = { principal, roles: rolesOf[principal], description: 'test', days: 1 }
      made[principal] = (await createToken(database, { ...facts, createdBy: 'test' })).token
    }
    return made
  } finally {
    await database.close()
  }
}
