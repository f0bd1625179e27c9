/** A relay on a simulated chain under random orders of steps, and what must be true at the end. @module */

import fc from 'fast-check'
import { bytesToHex } from '../../src/crypto/hex.ts'
import type { Transaction } from '../../src/crypto/transaction.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import { createRelay, type Relay } from '../../src/relay/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import type { RelayStore } from '../../src/stores/index.ts'
import { crashable } from './crashable-store.ts'
import { type NodeFault, type SimulatedNode, startSimulatedNode } from './simulated-node.ts'
import { until } from './until.ts'

/** One step. What `pick` chooses is in the world, so that every list of steps makes sense. */
export type Step = {
  readonly kind:
    | 'submit'
    | 'cancel'
    | 'pause'
    | 'resume'
    | 'crash'
    | 'join'
    | 'lose-reply'
    | 'reset'
    | 'expire'
    | 'foreign'
    | 'copy'
    | 'wait'
  readonly pick: number
}

/** What happens to one world. */
export type Scenario = {
  /** Whether the relay may ask the contract what it has fulfilled. */
  readonly asksContract: boolean
  readonly steps: readonly Step[]
}

/** Any order; jobs are submitted and time passes more often than things go wrong. */
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(['submit', 'submit', 'submit', 'submit', 'submit', 'wait', 'wait', 'wait'] as const),
      ...(['cancel', 'pause', 'resume', 'crash', 'join', 'lose-reply', 'reset'] as const),
      ...(['expire', 'foreign', 'copy'] as const),
    ),
    pick: fc.nat(5),
  }),
  { minLength: 4, maxLength: 24 },
)

/** Any of them. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record({ asksContract: fc.boolean(), steps })

const address = 'f8d6e0586b0a20c7'
const copies = 3
const expiry = 10
const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
const publicKey = signer.publicKey().then(({ bytes }) => bytesToHex(bytes))
/** More blocks than until a node is believed that has not seen a transaction. */
const beyondExpiry = expiry + 40

/** One relay, with what ends it as a crash would. */
type Incarnation = { readonly relay: Relay; readonly crash: () => void }

type World = {
  readonly node: SimulatedNode
  readonly asksContract: boolean
  readonly store: RelayStore
  readonly alive: Incarnation[]
  readonly accepted: Set<string>
  /** Clients that have crashed; the node must not hear of them again. */
  readonly dead: Set<string>
  faults: NodeFault[]
  started: number
  /** What operators have said, by relay: it may take its time to be stored. */
  readonly said: Map<Relay, Promise<unknown>>
}

async function join(world: World): Promise<void> {
  const { store, crash: crashStore } = crashable(world.store)
  const client = `relay-${world.started++}`
  const accessNode = `${world.node.url}/${client}`
  const relay = await createRelay({
    accessNodes: [accessNode],
    authorizer: KmsAuthorizer.fromSigners(signer, { accessNode }),
    address,
    store,
    transactionExpiry: expiry,
    pollMs: 5,
    leaseMs: 400,
    resendMs: 50,
    sendsPerSecond: 1_000,
    ...(world.asksContract ? { requestScript: 'fulfilled' } : {}),
  })
  const crash = () => {
    crashStore()
    world.dead.add(client)
    void relay.close({ timeoutMs: 1 }) // its timers only: nothing of it reaches store or node
  }
  world.alive.push({ relay, crash })
}

const next = (node: SimulatedNode, keyIndex: number) =>
  BigInt(node.chain.sequenceNumber(keyIndex, node.chain.heights().final))

function outsider(node: SimulatedNode, keyIndex: number): Transaction {
  const block = node.chain.block(node.chain.heights().final)
  return {
    cadence: 'foreign',
    arguments: [],
    referenceBlockId: new Uint8Array(Buffer.from(block?.id ?? '', 'hex')),
    computeLimit: 1,
    proposalKey: { address: `0x${address}`, keyIndex, sequenceNumber: next(node, keyIndex) },
    payer: `0x${address}`,
    authorizers: [`0x${address}`],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
}

async function take(world: World, { kind, pick }: Step): Promise<void> {
  const { node, alive, accepted } = world
  if (alive.length === 0) await join(world)
  const one = alive[pick % alive.length]
  if (one === undefined) return
  const { relay } = one
  const id = `job-${pick}`
  if (kind === 'submit') {
    const args = [{ type: 'String', value: id }]
    const submitted = relay.submit({ id, args, cadence: 'mint', limit: 100 })
    // A crash on the way leaves it unanswered for ever, and the job accepted or not.
    void submitted.then(() => accepted.add(id)).catch(() => undefined)
  } else if (kind === 'cancel') {
    void relay
      .job(id)
      .then((job) => job.cancel())
      .catch(() => undefined)
  } else if (kind === 'pause' || kind === 'resume')
    world.said.set(
      relay,
      relay[kind]().catch(() => undefined),
    )
  else if (kind === 'crash') {
    one.crash()
    alive.splice(alive.indexOf(one), 1)
    await join(world)
  } else if (kind === 'join' && alive.length < 2) await join(world)
  else if (kind === 'lose-reply' || kind === 'reset') world.faults.push(kind)
  else if (kind === 'expire') node.chain.mine({ count: beyondExpiry, withhold: true })
  else if (kind === 'foreign') node.chain.intrude(outsider(node, 1 + (pick % copies)))
  else if (kind === 'copy') {
    const [pending] = node.chain.pending()
    if (pending !== undefined) node.chain.intrude({ ...pending, envelopeSignatures: [] })
  } else await until(afterBlocks(node, pick))
}

function afterBlocks(node: SimulatedNode, count: number): () => boolean {
  const height = node.chain.heights().final + count
  return () => node.chain.heights().final >= height
}

/** Takes the steps, mends all, waits until every job is final, and returns what is wrong. */
export async function runModel(
  store: RelayStore,
  { asksContract, steps: taken }: Scenario,
): Promise<readonly string[]> {
  const executions = new Map<string, number>()
  await using node = await startSimulatedNode({
    account: { address, publicKey: await publicKey, copies },
    blockMs: 10,
    expiry,
    execute({ arguments: [argument] }) {
      const id = idOf(argument)
      executions.set(id, (executions.get(id) ?? 0) + 1)
      return ''
    },
    script: (_, [ids]) => fulfilledOf(node, ids as { value: { value: string }[] }), // as readFulfilled asks
  })
  const world: World = {
    node,
    asksContract,
    store,
    alive: [],
    accepted: new Set(),
    dead: new Set(),
    faults: [],
    started: 0,
    said: new Map(),
  }
  node.setFault(({ method, path, client }) => {
    if (world.dead.has(client)) return 'reset'
    return method === 'POST' && path === 'transactions' ? world.faults.shift() : undefined
  })
  try {
    await join(world)
    for (const step of taken) await take(world, step)
    world.faults = []
    return await settle(world, executions)
  } finally {
    for (const one of world.alive) one.crash()
  }
}

const idOf = (argument: string | undefined): string =>
  argument === undefined ? '' : JSON.parse(argument).value

/** As a contract answers that is asked at the latest sealed block. */
function fulfilledOf(node: SimulatedNode, asked: { readonly value: { readonly value: string }[] }) {
  const { sealed } = node.chain.heights()
  const blocks = Array.from({ length: sealed }, (_, index) => node.chain.block(index + 1))
  const done = blocks
    .flatMap((block) => block?.included ?? [])
    .filter(({ errorMessage }) => errorMessage === '')
    .map(({ transaction }) => idOf(transaction.arguments[0]))
  const value = asked.value.map(({ value: id }) => ({
    type: 'Optional',
    value: done.includes(id) ? { type: 'Bool', value: true } : null,
  }))
  return { type: 'Array', value }
}

async function settle(
  world: World,
  executions: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const { node, store, alive, accepted } = world
  const [one] = alive
  const wrong: string[] = []
  // Of a relay that crashed nothing comes any more.
  await Promise.all(alive.map(({ relay }) => world.said.get(relay)))
  await one?.relay.resume()
  const isFinal = async () => {
    const counts = await store.countJobs(`0x${address}`)
    return counts.queued + counts.claimed + counts['in-flight'] === 0
  }
  await until(isFinal, 90_000).catch(() => wrong.push('some jobs are not final after 90 s'))
  const rows = await store.listJobs(`0x${address}`, { limit: 100 })
  for (const { id, state, errorCode, reason } of rows)
    if (state !== 'done' && state !== 'cancelled')
      wrong.push(`${id} is ${state}: ${errorCode} ${reason}`)
  const stateOf = new Map(rows.map(({ id, state }) => [id, state]))
  for (const id of accepted) if (!stateOf.has(id)) wrong.push(`I1: ${id} is lost`)
  for (const [id, state] of stateOf) {
    const count = executions.get(id) ?? 0
    if (count > 1) wrong.push(`I2: ${id} was executed ${count} times`)
    if (state === 'done' && count === 0) wrong.push(`I3: ${id} is done and was not executed`)
    if (state === 'cancelled' && count > 0) wrong.push(`I3: ${id} is cancelled and was executed`)
  }
  wrong.push(...node.chain.conflicts.map((conflict) => `I4: ${conflict}`))
  return wrong
}
