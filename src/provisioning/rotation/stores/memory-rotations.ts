/** Rotations in the memory of one process, for tests and rehearsals. @module */

import { normalizeAddress } from '../../../crypto/address.ts'
import { encodeRecord, openFirst, parseRecord } from '../record.ts'
import type { RotationStore } from '../types.ts'

/** @returns A store that forgets with its process: a rotation that was begun cannot be resumed then. */
export function createMemoryRotations(): RotationStore {
  const records = new Map<string, string>()
  const find = (address: string) => {
    const stored = records.get(address)
    return stored === undefined ? undefined : parseRecord(stored, address)
  }
  return Object.freeze({
    async begin(record) {
      if (find(record.address)?.state === 'open') return false
      records.set(record.address, encodeRecord(record))
      return true
    },
    async replace(record, expectedRevision) {
      const found = find(record.address)
      if (found?.id !== record.id || found.revision !== expectedRevision) return false
      records.set(record.address, encodeRecord(record))
      return true
    },
    read: async (address) => find(normalizeAddress(address)),
    list: async () =>
      openFirst([...records].map(([address, stored]) => parseRecord(stored, address))),
  } satisfies RotationStore)
}
