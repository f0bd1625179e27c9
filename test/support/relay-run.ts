/** One relay of a mint account behind a fault proxy, and the check that ends its test. @module */

import type { Relay, RelayEvent, RelayOptions, SubmitRequest } from '../../src/relay/index.ts'
import { createMemoryStore, type RelayStore } from '../../src/stores/index.ts'
import { type Decide, type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import type { FlowChain } from './flow-chain.ts'
import { type Checked, checkInvariants } from './invariants.ts'
import { createMintAccount, type MintAccount } from './mint-relay.ts'
import { startRelay } from './relay.ts'

/** A run of one relay. */
export type RelayRun = {
  readonly account: MintAccount
  readonly proxy: FaultProxy
  readonly relay: Relay
  readonly store: RelayStore
  readonly events: readonly RelayEvent[]
  /** Submits, and remembers the ids for `check`. */
  readonly submit: (requests: readonly SubmitRequest[]) => Promise<readonly string[]>
  /** Resolves when all these are sealed. Rejects with the first that fails. */
  readonly sealed: (ids: readonly string[]) => Promise<void>
  readonly eventsOf: <Kind extends RelayEvent['kind']>(
    kind: Kind,
  ) => readonly (RelayEvent & { readonly kind: Kind })[]
  /** Checks the invariants over all that was submitted. */
  readonly check: () => Promise<Checked>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** What is chosen of a run. Other options are those of the relay. */
export type RunOptions = Partial<RelayOptions> & {
  /** Proposal keys. Default 2. */
  readonly copies?: number
  /** Default: a new one. */
  readonly account?: MintAccount
  /** Whether the contract is asked in doubt. Default true. */
  readonly asksContract?: boolean
  /** URLs of nodes after the proxy. */
  readonly otherNodes?: readonly string[]
}

/** Before a test would time out, so that what it started is stopped. */
const DEADLINE_MS = 150_000

/** Starts proxy and relay; the relay has no other way to the chain. */
export async function startRun(chain: FlowChain, options: RunOptions = {}): Promise<RelayRun> {
  const { copies = 2, asksContract = true, otherNodes = [], account: given, ...rest } = options
  const account = given ?? (await createMintAccount(chain, copies))
  const proxy = await startFaultProxy({ target: chain.url })
  const store = options.store ?? createMemoryStore()
  const relay = await startRelay(proxy, account, {
    store,
    batches: { mints: account.template },
    ...(asksContract ? { requestScript: account.requestScript } : {}),
    accessNodes: [proxy.url, ...otherNodes],
    ...rest,
  })
  const jobIds: string[] = []
  const { address, privateKeyHex, minted } = account
  return {
    account,
    proxy,
    relay,
    store,
    events: relay.events,
    async submit(requests) {
      const jobs = await Promise.all(requests.map((request) => relay.submit(request)))
      jobIds.push(...jobs.map(({ id }) => id))
      return jobs.map(({ id }) => id)
    },
    async sealed(ids) {
      const sealing = async (id: string) =>
        (await relay.job(id)).sealed({ signal: AbortSignal.timeout(DEADLINE_MS) })
      await Promise.all(ids.map(sealing))
    },
    eventsOf: <Kind extends RelayEvent['kind']>(kind: Kind) =>
      relay.events.filter(
        (event): event is RelayEvent & { readonly kind: Kind } => event.kind === kind,
      ),
    check: () =>
      checkInvariants({
        chain,
        store,
        address,
        jobIds: [...new Set(jobIds)],
        minted,
        told: relay.events,
        secrets: [privateKeyHex],
      }),
    async [Symbol.asyncDispose]() {
      await relay.close({ timeoutMs: 100 })
      await proxy.stop()
    },
  }
}

/** So many ids. */
export const idsOf = (count: number, prefix = 'order'): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

/** Whether a request sends a transaction. */
export const isSend = ({ method, path }: { readonly method: string; readonly path: string }) =>
  method === 'POST' && path.startsWith('/v1/transactions')

/** A fault for the first sends of each transaction, told apart by its bytes. */
export function firstSends(times: number, fault: ReturnType<Decide>): Decide {
  const counts = new Map<string, number>()
  return (request) => {
    if (!isSend(request)) return undefined
    const bytes = request.body.toString('base64')
    const count = (counts.get(bytes) ?? 0) + 1
    counts.set(bytes, count)
    return count <= times ? fault : undefined
  }
}

/** The bytes of each send, in their order. */
export function recordSends(decide: Decide = () => undefined): {
  readonly bodies: readonly string[]
  readonly recording: Decide
} {
  const bodies: string[] = []
  const recording: Decide = (request) => {
    if (isSend(request)) bodies.push(request.body.toString())
    return decide(request)
  }
  return { bodies, recording }
}
