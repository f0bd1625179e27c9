/** The record of a rotation as this process knows it, and the one way to change it. @module */

import { SignerError } from '../../errors.ts'
import { tellObserver } from '../../observers.ts'
import { MAX_HISTORY } from './record.ts'
import type {
  RotatedKey,
  RotationEntry,
  RotationPending,
  RotationRecord,
  RotationStep,
  RotationStore,
} from './types.ts'

/** What is told after each change that was stored. */
export type RotationEvent = RotationEntry & {
  readonly id: string
  readonly address: string
}

/** What changes. A field that is given as `undefined` is taken out. */
export type RecordChanges = {
  readonly state?: RotationRecord['state']
  readonly step?: RotationStep
  readonly newKey?: RotatedKey
  readonly pending?: RotationPending | undefined
  readonly revokedAt?: number
  readonly heldStores?: boolean | undefined
  readonly askAgainAt?: number | undefined
  readonly aborting?: true | undefined
  readonly givenUp?: readonly string[]
}

/** One process's hold on a record. */
export type Progress = {
  readonly current: () => RotationRecord
  /**
   * Durable when it resolves. Nothing that the record does not tell may leave the process before.
   *
   * @throws {SignerError} `ROTATION_TAKEN` when another process has changed the record; those of the store,
   *   after which this one may have been stored.
   */
  readonly save: (changes: RecordChanges, told?: Told) => Promise<void>
}

/** A line of the history; its step is that of the record. */
export type Told = Pick<RotationEntry, 'text' | 'transactionId'>

export function createProgress(
  rotations: RotationStore,
  record: RotationRecord,
  onStep?: (event: RotationEvent) => void,
): Progress {
  let current = record
  return {
    current: () => current,
    async save(changes, told) {
      const { id, address, revision, step } = current
      const at = Date.now()
      const entry = told === undefined ? undefined : Object.freeze({ step, at, ...told })
      const history = entry === undefined ? current.history : [...current.history, entry]
      const merged = {
        ...current,
        ...changes,
        revision: revision + 1,
        updatedAt: at,
        history: history.slice(-MAX_HISTORY),
      }
      // As it is stored: what is undefined is left out.
      const next: RotationRecord = Object.freeze(JSON.parse(JSON.stringify(merged)))
      if (!(await rotations.replace(next, revision)))
        throw new SignerError('ROTATION_TAKEN', { address, id })
      current = next
      if (entry !== undefined)
        tellObserver(
          onStep,
          { ...entry, id, address },
          { name: 'onStep', spared: 'the rotation is' },
        )
    },
  }
}
