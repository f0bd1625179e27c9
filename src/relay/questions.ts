/** The questions of which a decision may depend on, each to two nodes where two are given. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { isSignerError } from '../errors.ts'
import { readBlockHeight } from '../flow/blocks.ts'
import type { AttemptRow } from '../stores/store.ts'
import type { RelayCore } from './core.ts'
import type { UseFact } from './facts.ts'
import { type FoundUse, findUse, namesItsJobs, readFulfilled, sameUse } from './fate.ts'
import { type KeyFact, readKeyFact, sameKey } from './key-fact.ts'
import type { Witnesses } from './witnesses.ts'

/** What two nodes say, or that they differ: one of them may only lag. */
export type Word<Value> = { readonly value: Value } | { readonly differ: string }

/** What of a relay is asked with. */
export type AskedCore = Pick<RelayCore, 'requestScript' | 'signal'>

/** The proposal key as it was after this block; null: the account has none. */
export async function askKey(
  { signal }: AskedCore,
  witnesses: Witnesses,
  attempt: AttemptRow,
  height: number,
): Promise<Word<KeyFact>> {
  const told = await witnesses.both((node) => readKeyFact(node, attempt, height, signal))
  const [key, ...others] = told
  return others.every((other) => sameKey(other, key))
    ? { value: key }
    : { differ: `about the key of transaction ${attempt.transactionId}` }
}

/** Those of its jobs that the contract has fulfilled by this block; null: it cannot know of them. */
export async function askContract(
  { requestScript, signal }: AskedCore,
  witnesses: Witnesses,
  attempt: AttemptRow,
  height: number,
): Promise<Word<ReadonlySet<string> | null>> {
  if (requestScript === undefined || !namesItsJobs(attempt)) return { value: null }
  const { jobIds, transactionId } = attempt
  const [first, ...others] = await witnesses.both((node) =>
    readFulfilled(node, requestScript, jobIds, height > 0 ? { signal, height } : { signal }),
  )
  const isSame = others.every((other) => jobIds.every((id) => other.has(id) === first.has(id)))
  return isSame
    ? { value: first }
    : { differ: `about what the contract fulfilled of transaction ${transactionId}` }
}

/** Which transaction used the sequence number, in the blocks up to this sealed height. */
export async function askUse(
  core: AskedCore,
  witnesses: Witnesses,
  attempt: AttemptRow,
  to: number,
): Promise<Word<UseFact>> {
  const { sequenceNumber, transactionId } = attempt
  const differ = { differ: `about what used the number of transaction ${transactionId}` }
  const heights = await askReferenceHeight(core, witnesses, attempt)
  if (new Set(heights).size > 1) return differ
  const [referenceHeight] = heights
  // No block of this chain can hold a copy of what refers to a block that it does not have.
  if (referenceHeight === null) return { value: { kind: 'foreign', transactionId: null } }
  const before = await askKey(core, witnesses, attempt, referenceHeight)
  if ('differ' in before) return before
  if (before.value !== null && before.value.sequenceNumber > sequenceNumber)
    return { value: { kind: 'foreign', transactionId: null } }
  const told = await askBlocks(core, witnesses, attempt, { from: referenceHeight + 1, to })
  if (told === undefined) return { value: { kind: 'unknown' } }
  const found = told.filter((one): one is FoundUse => typeof one !== 'string')
  const [first, ...others] = found
  if (first === undefined) return { value: { kind: 'unknown' } }
  const isSame = others.every(({ use }) => sameUse(use, first.use)) && !told.includes('none')
  return isSame ? { value: first.use } : differ
}

/** By each node, of the block itself: what was stored is the word of one node alone. */
function askReferenceHeight(
  { signal }: AskedCore,
  witnesses: Witnesses,
  { transaction }: AttemptRow,
): Promise<readonly [number | null, ...(number | null)[]]> {
  const id = bytesToHex(decodeTransaction(transaction).referenceBlockId)
  return witnesses.both(async (node) => (await readBlockHeight(node, id, { signal })) ?? null)
}

/** @returns `undefined` when too few nodes list the transactions of blocks: an operator looks. */
async function askBlocks(
  core: AskedCore,
  witnesses: Witnesses,
  attempt: AttemptRow,
  range: { readonly from: number; readonly to: number },
): Promise<readonly (FoundUse | 'none')[] | undefined> {
  let unable = 0
  try {
    return await witnesses.both(async (node) => {
      const found = await findUse(node, attempt, range, core)
      if (found !== 'unable') return found
      unable += 1
      return undefined // another is asked
    })
  } catch (thrown) {
    if (unable > 0 && isSignerError(thrown, 'NODES_CANNOT_TELL')) return undefined
    throw thrown
  }
}
