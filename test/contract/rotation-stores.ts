/** What every store of rotations does, and what is done to it. @module */

import type { RotationRecord, RotationStore } from '../../src/provisioning/index.ts'

export const address = '0x01cf0e2f2f715450'
const old = {
  publicKey: '1'.repeat(128),
  signatureAlgorithm: 'ECDSA_secp256k1',
  hashAlgorithm: 'SHA3_256',
} as const

/** A record as a rotation begins with. */
export const recordOf = (changes: Partial<RotationRecord> = {}): RotationRecord => {
  const { address: of = address } = changes
  return {
    version: 1,
    id: '0123456789abcdef',
    revision: 0,
    address: of,
    chainId: 'flow-emulator',
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_000,
    state: 'open',
    plan: {
      address: of,
      chainId: 'flow-emulator',
      mode: 'swap',
      emergency: false,
      old: { ...old, keyIndex: 0, weight: 500, copies: [2, 3] },
      weight: 500,
      hashAlgorithm: 'SHA3_256',
      copies: 2,
      holders: [
        { publicKey: old.publicKey, signatureAlgorithm: 'ECDSA_secp256k1', weight: 500 },
        { publicKey: '2'.repeat(128), signatureAlgorithm: 'ECDSA_P256', weight: 500 },
      ],
      othersWeight: 500,
      steps: ['create', 'add', 'prove', 'sign', 'drain', 'swap', 'revoke', 'resume', 'done'],
      transactions: [{ purpose: 'swap', adds: 1, revokes: 3, weightNeeded: 1000 }],
      notes: ['A note: “häßlich” \u0001 🔑'],
    },
    step: 'create',
    history: [],
    ...changes,
  }
}

/** @param open - Two stores on one place, as of two processes. */
export function describeRotationStore(
  name: string,
  open: (test: string) => Promise<{ store: RotationStore; other: RotationStore }>,
): void {
  describe(name, () => {
    let store: RotationStore
    let other: RotationStore
    beforeEach(async () => {
      ;({ store, other } = await open(expect.getState().currentTestName ?? ''))
    })

    it('has nothing of an account at first', async () => {
      expect(await store.read(address)).toBeUndefined()
      expect(await store.list()).toEqual([])
    })

    it('tells what was begun, to every process, whatever the address is written like', async () => {
      const record = recordOf()
      expect(await store.begin(record)).toBe(true)
      expect(await other.read(address)).toEqual(record)
      expect(await other.read(address.slice(2).toUpperCase())).toEqual(record)
      expect(await other.list()).toEqual([record])
    })

    it('begins one at a time for each account', async () => {
      expect(await store.begin(recordOf())).toBe(true)
      expect(await other.begin(recordOf({ id: 'f'.repeat(16) }))).toBe(false)
      expect(await store.begin(recordOf())).toBe(false)
      expect((await store.read(address))?.id).toBe('0123456789abcdef')
      expect(await other.begin(recordOf({ address: '0x179b6b1cb6755e31' }))).toBe(true)
      expect(await store.list()).toHaveLength(2)
    })

    it('lets one of many begin at once', async () => {
      const begun = await Promise.all(
        Array.from({ length: 20 }, (_, place) =>
          (place % 2 ? store : other).begin(recordOf({ id: String(place).padStart(16, '0') })),
        ),
      )
      expect(begun.filter(Boolean)).toHaveLength(1)
      expect((await store.read(address))?.id).toBe(String(begun.indexOf(true)).padStart(16, '0'))
    })

    it('changes the revision that is expected, and no other', async () => {
      await store.begin(recordOf())
      const next = recordOf({ revision: 1, step: 'add' })
      expect(await other.replace(next, 0)).toBe(true)
      expect(await store.replace(recordOf({ revision: 1, step: 'prove' }), 0)).toBe(false)
      expect(await store.replace(recordOf({ revision: 3 }), 2)).toBe(false)
      expect(await store.read(address)).toEqual(next)
    })

    it('lets one of many change a revision at once, again and again', async () => {
      await store.begin(recordOf())
      for (let revision = 0; revision < 12; revision++) {
        const changed = await Promise.all(
          Array.from({ length: 8 }, (_, place) =>
            (place % 2 ? store : other).replace(
              recordOf({ revision: revision + 1, updatedAt: place }),
              revision,
            ),
          ),
        )
        expect(changed.filter(Boolean)).toHaveLength(1)
        const found = await store.read(address)
        expect(found).toMatchObject({ revision: revision + 1, updatedAt: changed.indexOf(true) })
      }
    })

    it('lets who was asleep for several revisions change none', async () => {
      await store.begin(recordOf())
      for (const revision of [1, 2, 3, 4])
        expect(await other.replace(recordOf({ revision }), revision - 1)).toBe(true)
      expect(await store.replace(recordOf({ revision: 1, step: 'add' }), 0)).toBe(false)
      expect(await store.read(address)).toEqual(recordOf({ revision: 4 }))
    })

    it('begins the next when one is over, and lets the last one change nothing any more', async () => {
      await store.begin(recordOf())
      await store.replace(recordOf({ revision: 1, state: 'aborted' }), 0)
      expect(await store.read(address)).toMatchObject({ state: 'aborted' })
      const next = recordOf({ id: 'f'.repeat(16), revision: 1, createdAt: 1_800_000_000_000 })
      expect(await other.begin(next)).toBe(true)
      expect(await store.replace(recordOf({ revision: 2 }), 1)).toBe(false)
      expect(await store.read(address)).toEqual(next)
      expect(await store.list()).toEqual([next])
    })

    it('changes none that is over', async () => {
      await store.begin(recordOf())
      const over = recordOf({ revision: 1, state: 'done' })
      expect(await store.replace(over, 0)).toBe(true)
      expect(await other.replace(recordOf({ revision: 2 }), 1)).toBe(false)
      expect(await store.read(address)).toEqual(over)
    })

    it('lists those that are open first', async () => {
      const addresses = ['0x179b6b1cb6755e31', '0xf3fcd2c1a78f5eee', '0xe03daebed8ca0615']
      for (const [place, one] of addresses.entries())
        await store.begin(recordOf({ address: one, id: `${place}`.repeat(16) }))
      await store.replace(
        recordOf({ address: addresses[1] ?? '', id: '1'.repeat(16), revision: 1, state: 'done' }),
        0,
      )
      const states = (await other.list()).map(({ state }) => state)
      expect(states).toEqual(['open', 'open', 'done'])
    })

    it.each<[string, Partial<Record<keyof RotationRecord, unknown>>]>([
      ['a step that is not planned', { step: 'cut' }],
      ['another version', { version: 2 }],
      ['an id of another form', { id: 'x' }],
      ['a weight that no key has', { plan: { ...recordOf().plan, weight: 1001 } }],
      ['a field that is unknown', { more: 1 } as object],
      ['a secret', { newKey: { privateKey: '1' } }],
    ])('stores no record with %s', async (_, wrong) => {
      // Wrong on purpose.
      const record = { ...recordOf(), ...wrong } as RotationRecord
      const refused = expect.objectContaining({ code: 'ROTATION_RECORD_INVALID' })
      await expect(store.begin(record)).rejects.toEqual(refused)
      await store.begin(recordOf())
      await expect(store.replace({ ...record, revision: 1 }, 0)).rejects.toEqual(refused)
      expect(await store.read(address)).toEqual(recordOf())
    })
  })
}
