/** A store of one's own, as docs/sealed-keys.md has it, whose steps a test can watch. @module */
import type { SealedKeyStore } from '../../src/signers/sealed-key/index.ts'

export type MapStore = SealedKeyStore & { readonly records: Map<string, Uint8Array> }

export function createMapStore(): MapStore {
  const records = new Map<string, Uint8Array>()
  const isSame = (id: string, expected: Uint8Array) =>
    Buffer.compare(records.get(id) ?? new Uint8Array(), expected) === 0
  return {
    records,
    async create(id, record) {
      if (records.has(id)) return false
      records.set(id, record)
      return true
    },
    read: async (id) => records.get(id)?.slice(),
    async list({ after = '', limit }) {
      const ids = [...records.keys()].sort().filter((id) => id > after)
      const page = ids.slice(0, limit)
      const next = page.at(-1)
      return page.length < ids.length && next !== undefined ? { ids: page, next } : { ids: page }
    },
    async replace(id, expected, next) {
      if (!isSame(id, expected)) return false
      if (next === undefined) records.delete(id)
      else records.set(id, next)
      return true
    },
  }
}
