/** Whether a key of the account is being rotated, by anybody: looked for again and again. @module */

import type { RotationRecord, RotationStore } from 'fcl-kms/provisioning'
import type { RelayStore } from 'fcl-kms/stores'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import type { AccountKeys } from '../execution/account-keys.ts'
import { createLoop, type Loop } from '../execution/loop.ts'
import { tellOfRotation } from './records.ts'

/** What was found last. */
export type Rotating = {
  /** The one that is under way, of this account. */
  readonly open: RotationRecord | undefined
  /** Proposal keys are held for a rotation: what is signed waits, and goes on by itself. */
  readonly held: boolean
}

/** See `createRotationWatch`. */
export type RotationWatch = {
  readonly current: () => Rotating
  /** Looks once. @throws The codes of stores and of the database. */
  readonly look: () => Promise<void>
  readonly loop: Loop
}

/** What a relay may meet between the swap and the moment in which it has read the keys again. */
const passing: ReadonlySet<string> = new Set([
  'KEY_INDEX_UNKNOWN',
  'KEY_NOT_HELD',
  'KEY_REVOKED',
  'NO_PROPOSAL_KEYS',
  'SIGNATURE_REFUSED',
  'WEIGHT_TOO_LOW',
])

/** Whether a hold of the relay under this code is no fault while a rotation holds the keys. */
export const isOfRotation = (code: string | undefined): boolean =>
  code !== undefined && passing.has(code)

const LOOK_MS = 1_000
/** Of rows that a rotation holds, as docs/several-processes.md says. */
const HELD = /^rotation:/

/**
 * Each process looks for itself. While a rotation is open, decisions read the keys anew, so that none
 * is made on the keys from before the swap.
 *
 * @param onChange - Told when it went a step further: requests may be ready, and views are old.
 */
export function createRotationWatch(parts: {
  readonly address: string
  readonly database: Database
  readonly audit: Audit
  readonly rotations: RotationStore
  readonly store: Pick<RelayStore, 'listKeys'>
  readonly accountKeys: Pick<AccountKeys, 'expectChange'>
  readonly onChange: () => void
}): RotationWatch {
  const { address, database, audit, rotations, store, accountKeys, onChange } = parts
  let current: Rotating = { open: undefined, held: false }
  let seen: string | undefined
  let told: string | undefined

  async function look(): Promise<void> {
    const record = await rotations.read(address)
    const open = record?.state === 'open' ? record : undefined
    const held = open !== undefined && (await isHeld())
    accountKeys.expectChange(open !== undefined)
    current = { open, held }
    const now = `${record?.id} ${record?.revision} ${held}`
    const isNews = seen !== undefined && seen !== now
    seen = now
    if (isNews) onChange()
    if (record === undefined || told === `${record.id} ${record.state}`) return
    await tellOfRotation(database, audit, record)
    told = `${record.id} ${record.state}`
  }

  async function isHeld(): Promise<boolean> {
    const rows = await store.listKeys(address)
    return rows.some(({ state, reason }) => state === 'quarantined' && HELD.test(reason ?? ''))
  }

  return {
    current: () => current,
    look,
    loop: createLoop(LOOK_MS, async () => {
      await look()
      return false
    }),
  }
}
