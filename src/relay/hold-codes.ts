/** Why a relay holds, and what shows that the cause is over. @module */

import type { HoldEnd } from '../stores/store.ts'

/** Causes that the relay finds by itself. The code of an error that stops it from signing is one too. */
export type HoldCode =
  | 'ACCESS_NODE_DENIES'
  | 'CHAIN_WENT_BACKWARDS'
  | 'NODES_DISAGREE'
  | 'PAYER_CANNOT_PAY'
  | 'REFERENCE_BLOCK_REFUSED'
  | 'SEQUENCE_NUMBERS_CONTESTED'
  | 'SIGNATURE_REFUSED'

/** What is learned of a signed transaction only when it was sent is not over before one is executed. */
const ends: ReadonlyMap<string, HoldEnd> = new Map(
  Object.entries({
    ACCESS_NODE_DENIES: 'executed',
    CHAIN_WENT_BACKWARDS: 'operator', // another try could do harm
    NODES_DISAGREE: 'operator',
    PAYER_CANNOT_PAY: 'executed',
    REFERENCE_BLOCK_REFUSED: 'executed',
    SEQUENCE_NUMBERS_CONTESTED: 'executed',
    SIGNATURE_REFUSED: 'executed',
  } satisfies Readonly<Record<HoldCode, HoldEnd>>),
)

/** All causes that the relay finds by itself. */
export const holdCodes: readonly string[] = [...ends.keys()]

/** @returns What ends a hold with this code: a signature, where nothing else is said. */
export const endOf = (code: string): HoldEnd => ends.get(code) ?? 'signed'
