/** What has to hold after every fault: see `checkInvariants`. @module */

import { bytesToHex } from '../../src/crypto/hex.ts'
import { transactionId } from '../../src/crypto/transaction.ts'
import { decodeTransaction } from '../../src/crypto/transaction-decoding.ts'
import { spendsSequenceNumber } from '../../src/flow/number-spent.ts'
import { errorCodesOf } from '../../src/flow/transaction-outcome.ts'
import type { AttemptRow, JobRow, RelayStore } from '../../src/stores/index.ts'

/** What is compared. */
export type Run = {
  /** The true node, not a proxy. */
  readonly chain: { readonly url: string }
  readonly store: RelayStore
  readonly address: string
  /** Every request that `submit` resolved for. */
  readonly jobIds: readonly string[]
  /** By request id, one entry for each time that it was fulfilled on chain. */
  readonly minted?: () => Promise<ReadonlyMap<string, readonly unknown[]>>
  /** What the relay told: events, errors, reports. */
  readonly told?: readonly unknown[]
  /** Private keys in hexadecimal digits. */
  readonly secrets?: readonly string[]
}

/** What was read on the way. */
export type Checked = {
  readonly jobs: readonly JobRow[]
  /** Each transaction once, in the order of signing for each job. */
  readonly attempts: readonly StoredAttempt[]
}

type StoredAttempt = AttemptRow & { readonly state: string }

/** How one signed transaction stands on chain. */
type Standing = 'absent' | 'refused' | 'failed' | 'succeeded'

/**
 * Throws with all that does not hold:
 * - I1: no accepted request is lost: each has a row that says how it stands.
 * - I2: nothing is minted twice for one request.
 * - I3: what was told `done` is on chain, and what was told `failed` is not.
 * - I4: no address, key index and sequence number is signed for a second payload while the first
 *   could still execute; what is called dead never executed.
 * - I6: no secret in what was told or stored.
 */
export async function checkInvariants(run: Run): Promise<Checked> {
  const faults: string[] = []
  const jobs = await run.store.getJobs(run.address, run.jobIds)
  const attempts = await readAttempts(run)
  const standings = await readStandings(run.chain.url, attempts)
  faults.push(...lost(run, jobs))
  faults.push(...(await wronglyMinted(run, jobs)))
  faults.push(...notOnChain(jobs, attempts, standings))
  faults.push(...signedTwice(attempts, standings))
  faults.push(...leaks(run, jobs))
  if (faults.length > 0) throw new Error(`Invariants broken:\n${faults.join('\n')}`)
  return { jobs, attempts }
}

async function readAttempts({ store, address, jobIds }: Run): Promise<readonly StoredAttempt[]> {
  const found = new Map<string, StoredAttempt>()
  for (const id of jobIds)
    for (const attempt of await store.listAttempts(address, id))
      found.set(attempt.transactionId, attempt)
  return [...found.values()]
}

function lost({ jobIds }: Run, jobs: readonly JobRow[]): readonly string[] {
  const known = new Set(jobs.map(({ id }) => id))
  return jobIds.filter((id) => !known.has(id)).map((id) => `I1: ${id} is lost`)
}

async function wronglyMinted({ minted }: Run, jobs: readonly JobRow[]): Promise<readonly string[]> {
  if (minted === undefined) return []
  const counts = await minted()
  const twice = [...counts].filter(([, ids]) => ids.length > 1)
  const countOf = ({ id }: JobRow) => counts.get(id)?.length ?? 0
  const undone = jobs.filter((job) => job.state === 'done' && countOf(job) === 0)
  const denied = jobs.filter((job) => job.state === 'failed' && countOf(job) > 0)
  return [
    ...twice.map(([id, ids]) => `I2: ${id} was minted ${ids.length} times`),
    ...undone.map(({ id }) => `I3: ${id} is done and not on chain`),
    ...denied.map(({ id }) => `I3: ${id} is failed and on chain`),
  ]
}

/** The transaction that a done job names has to have succeeded, and no dead one may have executed. */
function notOnChain(
  jobs: readonly JobRow[],
  attempts: readonly StoredAttempt[],
  standings: ReadonlyMap<string, Standing>,
): readonly string[] {
  const wrong = jobs.filter(
    ({ state, transactionId: id }) =>
      state === 'done' && id !== null && (standings.get(id) ?? 'succeeded') !== 'succeeded',
  )
  const alive = attempts.filter(
    ({ state, transactionId: id }) => state === 'dead' && executed(standings.get(id)),
  )
  return [
    ...wrong.map(({ id }) => `I3: the transaction of ${id} did not succeed`),
    ...alive.map(({ transactionId: id }) => `I4: ${id} is called dead and has executed`),
  ]
}

const executed = (standing: Standing | undefined) =>
  standing === 'failed' || standing === 'succeeded'

function signedTwice(
  attempts: readonly StoredAttempt[],
  standings: ReadonlyMap<string, Standing>,
): readonly string[] {
  const faults: string[] = []
  const bySlot = new Map<string, StoredAttempt[]>()
  for (const attempt of attempts) {
    const decoded = decodeTransaction(attempt.transaction)
    const { address, keyIndex, sequenceNumber } = decoded.proposalKey
    const slot = `${address} ${keyIndex} ${sequenceNumber}`
    const stored = `${attempt.address} ${attempt.keyIndex} ${attempt.sequenceNumber}`
    if (slot !== stored) faults.push(`I4: ${attempt.transactionId} is stored under another slot`)
    if (transactionId(decoded) !== attempt.transactionId)
      faults.push(`I4: ${attempt.transactionId} is not the id of its bytes`)
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), attempt])
  }
  for (const [slot, those] of bySlot) {
    const open = those.filter(
      ({ state, transactionId: id }) =>
        state !== 'dead' && !(state === 'sealed' && standings.get(id) === 'refused'),
    )
    if (open.length > 1) faults.push(`I4: ${slot} was signed ${open.length} times`)
    if (those.filter(({ transactionId: id }) => executed(standings.get(id))).length > 1)
      faults.push(`I4: ${slot} has executed twice`)
  }
  return faults
}

function leaks({ told = [], secrets = [] }: Run, jobs: readonly JobRow[]): readonly string[] {
  const text = [...told, ...jobs].map(textOf).join('\n').toLowerCase()
  const forms = secrets.flatMap((secret) => [
    secret.toLowerCase(),
    Buffer.from(secret, 'hex').toString('base64').toLowerCase(),
    BigInt(`0x${secret}`).toString(),
  ])
  return forms.filter((form) => text.includes(form)).map(() => 'I6: a private key was told')
}

function textOf(value: unknown): string {
  if (value instanceof Error) return `${value.stack} ${textOf({ ...value })} ${textOf(value.cause)}`
  const plain = (_: string, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part instanceof Uint8Array ? bytesToHex(part) : part
  return JSON.stringify(value, plain) ?? ''
}

async function readStandings(
  url: string,
  attempts: readonly StoredAttempt[],
): Promise<ReadonlyMap<string, Standing>> {
  const standings = new Map<string, Standing>()
  for (const { transactionId: id } of attempts) standings.set(id, await readStanding(url, id))
  return standings
}

async function readStanding(url: string, id: string): Promise<Standing> {
  const reply = await fetch(`${url}/v1/transaction_results/${id}`)
  const text = await reply.text()
  if (!reply.ok) return 'absent'
  const result: { readonly status?: string; readonly error_message?: string } = JSON.parse(text)
  if (result.status !== 'Sealed') return 'absent'
  const message = result.error_message ?? ''
  if (message === '') return 'succeeded'
  return spendsSequenceNumber(errorCodesOf(message)) ? 'failed' : 'refused'
}
