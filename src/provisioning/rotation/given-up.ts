/** Transactions that are given up, and what still comes back of them. @module */

import type { RecordChanges } from './progress.ts'
import { MAX_GIVEN_UP } from './record.ts'
import type { Fate } from './settle.ts'
import { idOfPayload, transactionOf } from './signatures.ts'
import type { RotationPending } from './types.ts'
import type { World } from './world.ts'

/** Not `alive`, or why else nothing more becomes of it. */
type Reason = Exclude<Fate, 'alive'> | 'sealed' | { readonly because: string }

/** Nobody waits for it any more. */
export async function drop(world: World, pending: RotationPending, reason: Reason): Promise<void> {
  const { purpose, transactionId: id } = pending
  await world.progress.save(
    { ...givingUp(world, pending), pending: undefined },
    { text: sentenceOf(purpose, reason), transactionId: id },
  )
}

function sentenceOf(purpose: string, reason: Reason): string {
  if (reason === 'sealed') return `A transaction (${purpose}) is sealed.`
  // By another transaction, or by this one under other signatures.
  if (reason === 'spent')
    return `The number of a transaction (${purpose}) is used: the account tells what happened.`
  const because = typeof reason === 'string' ? causes[reason] : reason.because
  return `A transaction (${purpose}) had no effect and never will: ${because}.`
}

const causes = { expired: 'it expired', revoked: 'the key that proposes it is revoked' } as const

/** Only what others were given comes back. @returns What the record keeps of it. */
export function givingUp(
  { progress }: World,
  pending: RotationPending | undefined,
): Pick<RecordChanges, 'givenUp'> {
  if (pending?.shared !== true) return {}
  const { givenUp = [] } = progress.current()
  return { givenUp: [...givenUp, idOfPayload(transactionOf(pending))].slice(-MAX_GIVEN_UP) }
}
