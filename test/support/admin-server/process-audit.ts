/** Compares requests, chain, relay and audit trail of one world after all of it is over. @module */

import type { AuditRecord } from '../../../examples/admin-server/src/audit/audit.ts'
import { openDatabase } from '../../../examples/admin-server/src/database/database.ts'
import { createSqlStore } from '../../../src/stores/index.ts'
import { checkInvariants } from '../invariants.ts'
import type { ServerPlace } from './process.ts'
import type { ServerWorld } from './process-world.ts'

/** Where something is broken, and what was counted. Empty lists are good. */
export type ServerAudit = {
  /** I1: items of accepted requests that are not on chain, or not said to be done. */
  readonly lost: readonly string[]
  /** I2: items that are on chain more than once. */
  readonly doubled: readonly string[]
  /** On chain, and of no accepted request. */
  readonly strangers: readonly string[]
  /** I3: items whose NFT is not the one on chain. */
  readonly wrong: readonly string[]
  /** I5: items without an approval, a decision, all signatures, a send or an outcome that fit. */
  readonly unjoined: readonly string[]
  /** I5: where the audit chain is broken. */
  readonly broken: readonly unknown[]
  readonly items: number
  readonly transactions: number
  readonly records: number
}

/** One with nothing broken. */
export const soundServer = {
  ...{ lost: [], doubled: [], strangers: [], wrong: [], unjoined: [], broken: [] },
} as const

type Item = {
  readonly jobId: string
  readonly state: string
  readonly transactionId: string | null
  readonly nftId: string | null
}

/** @param requests - Ids and numbers of items of all that was accepted. At least one process lives. */
export async function auditServers(
  world: ServerWorld,
  requests: ReadonlyMap<string, number>,
): Promise<ServerAudit> {
  const { body: verification } = await world.insist('eve', 'GET', '/v1/audit/verify')
  const items: (Item & { readonly requestId: string })[] = []
  for (const [requestId, count] of requests)
    for (let after = -1; after < count - 1; after += 200) {
      const path = `/v1/mints/${requestId}/items?after=${after}&limit=200`
      const { body } = await world.insist('eve', 'GET', path)
      items.push(...body.items.map((item: Item) => ({ ...item, requestId })))
    }
  const minted = await world.minted()
  const known = new Set(items.map(({ jobId }) => jobId))
  const idsOf = ({ jobId }: Item) => minted.get(jobId) ?? []
  const asked = [...requests].flatMap(([id, count]) =>
    Array.from({ length: count }, (_, index) => `${id}-${index}`),
  )
  const done = new Set(items.filter(({ state }) => state === 'done').map(({ jobId }) => jobId))
  const join = createJoin(readRecords((await world.insist('eve', 'GET', '/v1/audit/export')).body))
  return {
    lost: asked.filter((id) => !done.has(id) || !minted.has(id)),
    doubled: [...minted].filter(([, ids]) => ids.length > 1).map(([id]) => id),
    strangers: [...minted.keys()].filter((id) => !known.has(id)),
    wrong: items
      .filter((item) => item.nftId !== null && !idsOf(item).includes(item.nftId))
      .map(({ jobId }) => jobId),
    unjoined: items.flatMap((item) => join(item).map((what) => `${item.jobId}: ${what}`)),
    broken: verification.intact ? [] : [verification.broken],
    items: items.length,
    transactions: new Set(items.map(({ transactionId }) => transactionId)).size,
    records: verification.verified,
  }
}

/** The last line tells the head. */
const readRecords = (text: string): readonly AuditRecord[] =>
  text
    .trim()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

/** @returns A function that names the records that an item lacks. */
function createJoin(records: readonly AuditRecord[]) {
  const approved = new Set<string>()
  const decisions = new Map<string, { keys: readonly number[]; jobs: Set<string> }>()
  const signatures = new Map<string, Set<number>>()
  const sends = new Map<string, { slot: string; jobs: Set<string> }>()
  const outcomes = new Set<string>()
  for (const { kind, actor, requestIds, facts } of records) {
    const { transactionId, verdict, state } = facts
    const jobIds = textsOf(facts['jobIds'])
    const about = String(transactionId)
    if (kind === 'approval' && actor === 'alice') for (const id of requestIds) approved.add(id)
    if (kind === 'decision' && verdict === 'allowed')
      decisions.set(slotOf(facts), { keys: numbersOf(facts['keyIndexes']), jobs: new Set(jobIds) })
    if (kind === 'signature' && typeof facts['kmsRequestId'] === 'string')
      signatures.set(about, (signatures.get(about) ?? new Set()).add(Number(facts['keyIndex'])))
    if (kind === 'send') sends.set(about, { slot: slotOf(facts), jobs: new Set(jobIds) })
    if (kind === 'outcome' && state === 'done')
      for (const id of jobIds) outcomes.add(`${id} ${about}`)
  }
  return (item: Item & { readonly requestId: string }): readonly string[] => {
    const { jobId, requestId, transactionId } = item
    const send = sends.get(transactionId ?? '')
    const decision = decisions.get(send?.slot ?? '')
    const signed = signatures.get(transactionId ?? '')
    const lacks = {
      approval: !approved.has(requestId),
      send: !send?.jobs.has(jobId),
      decision: !decision?.jobs.has(jobId),
      // An automatic key and one that Alice stands for; that of the proposal key is one of these.
      signatures: decision?.keys.length !== 2 || !decision.keys.every((key) => signed?.has(key)),
      outcome: !outcomes.has(`${jobId} ${transactionId}`),
    }
    return Object.entries(lacks).flatMap(([what, isLacking]) => (isLacking ? [`no ${what}`] : []))
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textsOf = (value: unknown) => listOf(value).map(String)
const numbersOf = (value: unknown) => listOf(value).map(Number)

/** Joins a decision to its send: no two transactions share key, number and reference block. */
const slotOf = (facts: Readonly<Record<string, unknown>>) =>
  JSON.stringify([facts['proposalKey'], facts['referenceBlockId']])

/** Throws unless I1 to I4 hold in the tables of the relay. No process may have a folder meanwhile. */
export async function checkRelayOf(
  world: ServerWorld,
  chain: { readonly url: string },
  place: ServerPlace,
  jobIds: readonly string[],
): Promise<void> {
  const database = await openDatabase('folder' in place ? place : { url: place.databaseUrl })
  try {
    const store = await createSqlStore(database.forRelay)
    const { address } = world.treasury
    await checkInvariants({ chain, store, address, jobIds, minted: world.minted })
  } finally {
    await database.close()
  }
}
