/** Rotations in the memory of one process, for tests and rehearsals. @module */

import { normalizeAddress } from '../../../crypto/address.ts'
import { encodeRecord, isExpected, openFirst, parseRecord } from '../record.ts'
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
      const stored = encodeRecord(record)
      if (find(record.address)?.state === 'open') return false
      records.set(record.address, stored)
      return true
    },
    async replace(record, expectedRevision) {
      const stored = encodeRecord(record)
      if (!isExpected(find(record.address), record, expectedRevision)) return false
      records.set(record.address, stored)
      return true
    },
    read: async (address) => find(normalizeAddress(address)),
    list: async () =>
      openFirst([...records].map(([address, stored]) => parseRecord(stored, address))),
  } satisfies RotationStore)
}
