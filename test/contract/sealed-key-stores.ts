/** What every store of sealed keys keeps to. @module */
import { randomBytes } from 'node:crypto'
import type { SealedKeyStore } from '../../src/signers/sealed-key/index.ts'
import { createBoundedKeyStore } from '../../src/signers/sealed-key/key-store.ts'
import { walletIds } from '../../src/signers/sealed-key/walking.ts'
import { hexOf } from '../unit/crypto/independent.ts'

/** @param makeStore - Called for each test: an empty store, and another view of it, as a second process has. */
export function describeKeyStoreContract(
  name: string,
  makeStore: (test: string) => Promise<{
    readonly store: SealedKeyStore
    readonly other: SealedKeyStore
  }>,
): void {
  describe(`${name} keeps the contract of stores of sealed keys`, () => {
    let store: SealedKeyStore
    let other: SealedKeyStore
    beforeEach(async () => {
      const made = await makeStore(expect.getState().currentTestName ?? '')
      store = made.store
      other = made.other
    })
    const record = (length = 400) => new Uint8Array(randomBytes(length))
    const read = async (id: string, from = store) =>
      hexOf((await from.read(id)) ?? new Uint8Array())

    it('has nothing at first', async () => {
      expect(await store.read('nobody')).toBeUndefined()
      expect(await store.list({ limit: 10 })).toEqual({ ids: [] })
      expect(await store.replace('nobody', record(), record())).toBe(false)
      expect(await store.replace('nobody', record(), undefined)).toBe(false)
    })

    it('keeps a record as it is, of 1 byte and of 8,192', async () => {
      for (const length of [1, 255, 400, 8_192]) {
        const given = record(length)
        expect(await store.create(`w${length}`, given)).toBe(true)
        expect(await read(`w${length}`, other)).toBe(hexOf(given))
      }
    })

    it('creates only once', async () => {
      const first = record()
      expect(await store.create('a', first)).toBe(true)
      expect(await other.create('a', record())).toBe(false)
      expect(await store.create('a', first)).toBe(false)
      expect(await read('a')).toBe(hexOf(first))
    })

    it('lets one of 16 create', async () => {
      const racers = Array.from({ length: 16 }, () => record())
      const won = await Promise.all(
        racers.map((bytes, index) => (index % 2 === 0 ? store : other).create('a', bytes)),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(await read('a')).toBe(hexOf(racers[won.indexOf(true)] ?? new Uint8Array()))
    })

    it('replaces only what is expected', async () => {
      const [first, second, third] = [record(), record(), record()]
      await store.create('a', first)
      expect(await other.replace('a', first, second)).toBe(true)
      expect(await store.replace('a', first, third)).toBe(false)
      expect(await read('a')).toBe(hexOf(second))
      expect(await store.replace('a', second, third)).toBe(true)
      expect(await read('a', other)).toBe(hexOf(third))
    })

    it('lets one of 16 replace, and one remove', async () => {
      const first = record()
      await store.create('a', first)
      const racers = Array.from({ length: 16 }, () => record())
      const won = await Promise.all(
        racers.map((next, index) => (index % 2 === 0 ? store : other).replace('a', first, next)),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
      const now = racers[won.indexOf(true)] ?? new Uint8Array()
      expect(await read('a')).toBe(hexOf(now))
      const removed = await Promise.all(
        racers.map((_, index) => (index % 2 === 0 ? store : other).replace('a', now, undefined)),
      )
      expect(removed.filter(Boolean)).toHaveLength(1)
      expect(await other.read('a')).toBeUndefined()
    })

    it('does not bring back what was removed', async () => {
      const first = record()
      await store.create('a', first)
      expect(await other.replace('a', first, undefined)).toBe(true)
      expect(await store.replace('a', first, record())).toBe(false)
      expect(await store.read('a')).toBeUndefined()
    })

    it('gives an id that was removed again', async () => {
      const [first, second] = [record(), record()]
      await store.create('a', first)
      await store.replace('a', first, undefined)
      expect(await other.create('a', second)).toBe(true)
      expect(await read('a')).toBe(hexOf(second))
      expect(await store.replace('a', second, undefined)).toBe(true)
      expect(await store.read('a')).toBeUndefined()
    })

    it('keeps apart what differs by case or by one sign', async () => {
      const ids = ['a', 'A', 'a.', '.a', '..', '.', 'a=2e', 'a-', 'a_', 'a:', 'a@b.c', 'a+b', 'con']
      for (const id of ids) expect(await store.create(id, new TextEncoder().encode(id))).toBe(true)
      for (const id of ids)
        expect(new TextDecoder().decode((await other.read(id)) ?? undefined)).toBe(id)
      const listed: string[] = []
      for await (const id of walletIds(createBoundedKeyStore(store, 60_000), undefined))
        listed.push(id)
      expect(listed.sort()).toEqual([...ids].sort())
    })

    it('takes the longest id, of signs that take the most room', async () => {
      const id = 'Z'.repeat(80)
      expect(await store.create(id, record())).toBe(true)
      expect((await store.list({ limit: 10 })).ids).toEqual([id])
    })

    it('lists page by page, each once', async () => {
      const ids = Array.from({ length: 23 }, (_, index) => `wallet-${index}`)
      await Promise.all(ids.map((id) => store.create(id, record(40))))
      const listed: string[] = []
      let pages = 0
      for (let after: string | undefined; ; pages++) {
        const page = await other.list({ limit: 5, ...(after === undefined ? {} : { after }) })
        expect(page.ids.length).toBeLessThanOrEqual(5)
        listed.push(...page.ids)
        after = page.next
        if (after === undefined) break
      }
      expect(pages).toBeGreaterThanOrEqual(4)
      expect(listed).toHaveLength(23)
      expect(new Set(listed)).toEqual(new Set(ids))
    })

    it('lists on while others are removed and made', async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `wallet-${index}`)
      const records = new Map(ids.map((id) => [id, record(40)]))
      for (const id of ids) await store.create(id, records.get(id) ?? record())
      const first = await store.list({ limit: 10 })
      for (const id of first.ids) await other.replace(id, records.get(id) ?? record(), undefined)
      const second = await store.list({ limit: 20, after: first.next ?? '' })
      expect(new Set([...first.ids, ...second.ids])).toEqual(new Set(ids))
    })
  })
}
