/** The decision before a signature: on the decoded transaction, in one transaction of the database. @module */

import { bytesToHex, hashMessage, type TransactionPayload } from 'fcl-kms/crypto'
import type { JsonCadence, PolicyVerdict, RelayPolicy } from 'fcl-kms/relay'
import type { RelayStore } from 'fcl-kms/stores'
import { findQuorum, type Quorum, type WeightedKey } from '../approvals/quorum.ts'
import type { Session } from '../database/database.ts'
import { argumentsByItem } from '../functions/batch-arguments.ts'
import type { EnabledFunction } from '../functions/registry.ts'
import { findViolation } from '../policy/rules.ts'
import { lockAllowance, spend } from '../policy/spending.ts'
import type { RequestContext } from '../requests/context.ts'
import { argumentTexts } from '../requests/intent.ts'
import {
  databaseNow,
  lockRequestsOf,
  type RequestRow,
  readApprovals,
  toStanding,
} from '../requests/rows.ts'
import { findAltered } from './altered.ts'
import { noteDecided, noteLimited, sendBack } from './decide-notes.ts'
import { decideQuorums } from './decide-quorums.ts'

type ItemRow = {
  readonly requestId: string
  readonly jobId: string
  readonly arguments: readonly string[]
  readonly state: string
  readonly decided: boolean
}

/** What one item does, by the arguments that would be signed, and why the rules forbid it. */
type Inspected = {
  readonly values: readonly JsonCadence[]
  readonly amount: number
  readonly violation: string | undefined
}

/**
 * @param transactionPolicy - Rules on the transaction alone; throws to refuse it.
 * @returns The policy of the relay. Never signs on a doubt: what cannot be read is postponed.
 */
export function createDecision(
  context: RequestContext,
  store: Pick<RelayStore, 'readHold'>,
  transactionPolicy: (payload: TransactionPayload) => void,
  onTrouble: (thrown: unknown) => void,
): RelayPolicy {
  return async (payload, { jobIds }) => {
    transactionPolicy(payload)
    const { enabled, values } = decode(context, payload)
    if (values.length !== jobIds.length) throw new Error('it has another number of items')
    const items = new Map(
      jobIds.map((id, index) => [id, inspect(enabled, id, values[index] ?? [])]),
    )
    try {
      const verdict = await decide(context, store, enabled, payload, items)
      if ((verdict.refused?.length ?? 0) + (verdict.postponed?.length ?? 0) > 0)
        context.onChanged([]) // whoever shows requests looks again
      return verdict
    } catch (thrown) {
      onTrouble(thrown)
      return { postponed: jobIds }
    }
  }
}

function decode({ registry }: RequestContext, payload: TransactionPayload) {
  const source = new TextEncoder().encode(payload.cadence)
  const enabled = registry.byCadenceHash(bytesToHex(hashMessage(source, 'SHA3_256')))
  if (enabled === undefined) throw new Error('its Cadence is of no function of this server')
  // Each argument was made by the relay from JSON; whatever it is now is what would be signed.
  const parsed: readonly JsonCadence[] = payload.arguments.map((text) => JSON.parse(text))
  return { enabled, values: argumentsByItem(enabled.template, parsed) }
}

/** What the rules say of the decoded arguments, whatever the database says. */
function inspect(
  { template, rules }: EnabledFunction,
  id: string,
  values: readonly JsonCadence[],
): Inspected {
  const inspection = template.inspect(values)
  const other = inspection.jobId !== undefined && inspection.jobId !== id
  const violation = other ? 'it names another request' : findViolation(inspection, rules)
  return { values, amount: inspection.amount, violation }
}

async function decide(
  context: RequestContext,
  store: Pick<RelayStore, 'readHold'>,
  enabled: EnabledFunction,
  payload: TransactionPayload,
  items: ReadonlyMap<string, Inspected>,
): Promise<PolicyVerdict> {
  const { database, accountKeys, audit, config } = context
  const jobIds = [...items.keys()]
  const { paused } = await store.readHold(config.account.address)
  if (paused) return { postponed: jobIds }
  const keys = await accountKeys.weighted()
  return database.transaction(async (session) => {
    const { requests, rows } = await lock(session, jobIds)
    const altered = await findAltered(session, config, enabled, [...requests.values()])
    const refused = new Map<string, string>()
    for (const [id, { values, violation }] of items) {
      const row = rows.get(id)
      const reason =
        violation ??
        findDifference(requests, row, enabled, values) ??
        (altered.has(row?.requestId ?? '') ? 'it is not what was approved' : undefined)
      if (reason !== undefined) refused.set(id, reason)
    }
    const left = jobIds.filter((id) => !refused.has(id))
    const now = await databaseNow(session)
    const approvals = await readApprovals(session, [...requests.keys()])
    const quorums = new Map(
      [...requests].map(([id, { requester, digest }]) => {
        const standing = (approvals.get(id) ?? []).map(toStanding)
        return [id, findQuorum({ keys, approvals: standing, requester, digest, now })]
      }),
    )
    const requestOf = (id: string) => rows.get(id)?.requestId ?? ''
    const chosen = decideQuorums(left, requestOf, quorums)
    const postponed = new Set(chosen.postponed)
    const fresh = left.filter((id) => !postponed.has(id) && rows.get(id)?.decided === false)
    const allowance = await lockAllowance(session, enabled.template.name, enabled.rules)
    let today = allowance.today
    let inAll = allowance.inAll
    let spent = 0
    for (const id of fresh) {
      const amount = items.get(id)?.amount ?? 0
      if (amount > inAll) refused.set(id, 'the limit of this function for all days is reached')
      else if (amount > today) postponed.add(id)
      else {
        inAll -= amount
        today -= amount
        spent += amount
      }
    }
    const signed = left.filter((id) => !postponed.has(id) && !refused.has(id))
    const back = left.filter((id) => chosen.unmet.includes(requestOf(id)))
    const counted = back.map((id) => ({ id, amount: items.get(id)?.amount ?? 0 }))
    await sendBack(session, chosen.unmet, counted)
    await noteLimited(session, unique(fresh.filter((id) => postponed.has(id)).map(requestOf)))
    const common = factsOf(payload, enabled)
    if (refused.size > 0) {
      const ids = [...refused.keys()]
      await audit.append(session, [
        {
          kind: 'decision',
          actor: 'server',
          requestIds: unique(ids.map(requestOf).filter((id) => id !== '')),
          facts: { verdict: 'refused', ...common, reasons: Object.fromEntries(refused) },
        },
      ])
    }
    const reasons = [...refused].map(([id, reason]) => ({ id, reason }))
    // Nothing is signed when one is left out: the others come again without it.
    if (signed.length < jobIds.length) return { postponed: [...postponed], refused: reasons }
    await spend(session, enabled.template.name, spent)
    await noteDecided(session, signed)
    const { keyIndexes } = chosen
    const requestIds = unique(signed.map(requestOf))
    const grounds = groundsOf(keys, requestIds, quorums)
    await audit.append(session, [
      {
        kind: 'decision',
        actor: 'server',
        requestIds,
        facts: { verdict: 'allowed', ...common, keyIndexes, ...grounds, jobIds: signed },
      },
    ])
    return { keyIndexes }
  })
}

async function lock(session: Session, jobIds: readonly string[]) {
  const requests = await lockRequestsOf(session, jobIds)
  const rows = await session.query<ItemRow>(
    `SELECT request_id AS "requestId", job_id AS "jobId", arguments, state,
      decided_on IS NOT NULL AS decided
    FROM items WHERE job_id = ANY ($1::text[])`,
    [jobIds],
  )
  return {
    requests,
    rows: new Map(rows.map((row) => [row.jobId, row])),
  }
}

/** @returns Why it is not what was asked for and approved, or undefined. */
function findDifference(
  requests: ReadonlyMap<string, RequestRow>,
  row: ItemRow | undefined,
  { template, cadenceHash }: EnabledFunction,
  values: readonly JsonCadence[],
): string | undefined {
  const request = requests.get(row?.requestId ?? '')
  if (row === undefined || request === undefined) return 'nobody has asked for it'
  if (request.state === 'cancelled' || row.state === 'cancelled') return 'it was cancelled'
  if (row.state !== 'submitted') return `its item is ${row.state}`
  if (request.function !== template.name || request.cadenceHash !== cadenceHash)
    return 'its Cadence is not what was asked for'
  const texts = argumentTexts(values)
  const same =
    texts.length === row.arguments.length &&
    texts.every((text, index) => text === row.arguments[index])
  return same ? undefined : 'its arguments are not what was asked for'
}

/** What joins this record to those of the signatures: no two transactions share key and number. */
const factsOf = (payload: TransactionPayload, { template, cadenceHash }: EnabledFunction) => ({
  function: template.name,
  cadenceHash,
  proposalKey: {
    keyIndex: payload.proposalKey.keyIndex,
    sequenceNumber: payload.proposalKey.sequenceNumber.toString(),
  },
  referenceBlockId: bytesToHex(payload.referenceBlockId),
  computeLimit: payload.computeLimit,
})

/** What it was decided on, since keys and approvals change: weights, and which keys each request met. */
const groundsOf = (
  keys: readonly WeightedKey[],
  requestIds: readonly string[],
  quorums: ReadonlyMap<string, Quorum>,
) => ({
  weights: Object.fromEntries(
    keys.flatMap(({ keyIndex, weight, revoked }) => (revoked ? [] : [[keyIndex, weight]])),
  ),
  met: Object.fromEntries(
    requestIds.map((id) => {
      const met = quorums.get(id)?.keys.filter((key) => key.met) ?? []
      return [id, met.map(({ keyIndex }) => keyIndex)]
    }),
  ),
})

const unique = (ids: readonly string[]): readonly string[] => [...new Set(ids)]
