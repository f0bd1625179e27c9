/** The sentences about proposal keys. @module */
import type { Sentence } from './store-contract.ts'
import {
  address,
  digits,
  enroll,
  eventually,
  inFlight,
  keyOf,
  lease,
  leaseOne,
  minuteMs,
  other,
} from './store-fixtures.ts'

const flight = () => ({ transactionId: digits(), referenceBlockId: digits(), leaseMs: minuteMs })

export function describeKeys(sentence: Sentence): void {
  sentence('are enrolled as free, and known ones stay as they are', async (store) => {
    await enroll(store, 2)
    await store.enrollKeys(address, [
      { keyIndex: 1, sequenceNumber: 99n },
      { keyIndex: 2, sequenceNumber: 12n },
    ])
    const rows = await store.listKeys(address)
    expect(rows.map((row) => [row.keyIndex, row.sequenceNumber])).toEqual([
      [0, 10n],
      [1, 11n],
      [2, 12n],
    ])
    const unused = { transactionId: null, referenceBlockId: null, reason: null }
    expect(rows[0]).toEqual({
      address,
      keyIndex: 0,
      sequenceNumber: 10n,
      fence: 0,
      state: 'free',
      ...unused,
    })
  })

  sentence('have numbers that are exact up to 2^64 - 1', async (store) => {
    await store.enrollKeys(address, [{ keyIndex: 4_294_967_295, sequenceNumber: 2n ** 64n - 1n }])
    const held = await leaseOne(store)
    expect(held.sequenceNumber).toBe(2n ** 64n - 1n)
    expect(await store.commitLeases([{ ...held, ...flight() }])).toEqual([true])
  })

  sentence('of one account are not those of another', async (store) => {
    await enroll(store, 1)
    expect(await store.leaseKeys({ address: other, count: 1, holder: 'one', leaseMs: 1 })).toEqual(
      [],
    )
    expect(await store.listKeys(other)).toEqual([])
  })

  sentence('are leased once, up to the count that was asked for', async (store) => {
    await enroll(store, 3)
    expect((await lease(store, 2)).map((held) => held.keyIndex)).toEqual([0, 1])
    expect((await lease(store, 2)).map((held) => held.keyIndex)).toEqual([2])
    expect(await lease(store, 2)).toEqual([])
  })

  sentence('are never leased to two of 50 callers at once', async (store) => {
    await enroll(store, 60)
    const leases = await Promise.all(
      Array.from({ length: 50 }, (_, index) => lease(store, 1, `holder ${index}`)),
    )
    const indexes = leases.flat().map((held) => held.keyIndex)
    expect(indexes).toHaveLength(50)
    expect(new Set(indexes).size).toBe(50)
  })

  sentence('are leased in the order in which they were used last', async (store) => {
    await enroll(store, 3)
    const [first, second] = await lease(store, 2)
    for (const held of [second, first])
      if (held) await store.settleLeases([{ ...held, nextSequenceNumber: held.sequenceNumber }])
    expect((await lease(store, 3)).map((held) => held.keyIndex)).toEqual([2, 1, 0])
  })

  sentence('get a fence one higher with each lease', async (store) => {
    await enroll(store, 1)
    const first = await leaseOne(store)
    expect(first.fence).toBe(1)
    await store.settleLeases([{ ...first, nextSequenceNumber: 11n }])
    expect(await leaseOne(store, 'two')).toEqual({
      ...first,
      fence: 2,
      sequenceNumber: 11n,
    })
  })

  sentence('are leased anew when a lease is over, and the old holder is told', async (store) => {
    await enroll(store, 1)
    const lost = await leaseOne(store, 'one', 30)
    const [held] = await eventually(() => lease(store, 1, 'two'))
    expect(held?.fence).toBe(lost.fence + 1)
    expect(await store.commitLeases([{ ...lost, ...flight() }])).toEqual([false])
    expect(await store.settleLeases([{ ...lost, nextSequenceNumber: 50n }])).toEqual([false])
    expect(await keyOf(store)).toMatchObject({ state: 'leased', fence: 2, sequenceNumber: 10n })
  })

  sentence('whose lease is over are not committed, even when nobody took them', async (store) => {
    await enroll(store, 1)
    const held = await leaseOne(store, 'one', 0)
    expect(await store.commitLeases([{ ...held, ...flight() }])).toEqual([false])
    expect(await keyOf(store)).toMatchObject({ transactionId: null })
  })

  sentence('may be given back late, when nobody took them', async (store) => {
    await enroll(store, 1)
    const held = await leaseOne(store, 'one', 0)
    expect(await store.settleLeases([{ ...held, nextSequenceNumber: 10n }])).toEqual([true])
    expect(await keyOf(store)).toMatchObject({ state: 'free', fence: 1 })
  })

  sentence(
    'in flight show what they are in flight with, and are leased to nobody',
    async (store) => {
      await enroll(store, 1)
      const held = await leaseOne(store)
      const commit = { ...held, ...flight(), leaseMs: 1 }
      expect(await store.commitLeases([commit])).toEqual([true])
      const { transactionId, referenceBlockId } = commit
      expect(await keyOf(store)).toMatchObject({
        state: 'in-flight',
        transactionId,
        referenceBlockId,
      })
      const over = () => store.adoptKeys({ address, holder: 'two', leaseMs: 1 })
      await eventually(over)
      expect(await lease(store)).toEqual([])
    },
  )

  sentence('may be in flight with a transaction of unknown id', async (store) => {
    await enroll(store, 1)
    const held = await leaseOne(store)
    const commit = { ...held, ...flight(), transactionId: null }
    expect(await store.commitLeases([commit])).toEqual([true])
    expect(await keyOf(store)).toMatchObject({ state: 'in-flight', transactionId: null })
  })

  sentence('are not committed twice, nor with another number', async (store) => {
    await enroll(store, 2)
    const [first, second] = await lease(store, 2)
    if (!first || !second) throw new Error('no lease')
    const commits = [
      { ...first, ...flight() },
      { ...second, ...flight(), sequenceNumber: 12n },
      { ...first, ...flight() },
    ]
    expect(await store.commitLeases(commits)).toEqual([true, false, false])
    expect(await keyOf(store, 1)).toMatchObject({ state: 'leased' })
  })

  sentence('are settled from in flight with their next number', async (store) => {
    await enroll(store, 1)
    const held = await leaseOne(store)
    await store.commitLeases([{ ...held, ...flight() }])
    const settlement = { ...held, nextSequenceNumber: 11n }
    expect(await store.settleLeases([settlement, settlement])).toEqual([true, false])
    const free = { state: 'free', transactionId: null, referenceBlockId: null, reason: null }
    expect(await keyOf(store)).toMatchObject({ ...free, sequenceNumber: 11n })
    expect(await store.settleLeases([settlement])).toEqual([false])
  })

  sentence('that are quarantined wait for an operator', async (store) => {
    await enroll(store, 1)
    const held = await leaseOne(store)
    const settlement = { ...held, nextSequenceNumber: 10n, quarantine: 'it was revoked' }
    expect(await store.settleLeases([settlement])).toEqual([true])
    expect(await keyOf(store)).toMatchObject({ state: 'quarantined', reason: 'it was revoked' })
    expect(await lease(store)).toEqual([])
    expect(await store.restoreKey(address, 0, 77n)).toBe(true)
    expect(await store.restoreKey(address, 0, 78n)).toBe(false)
    expect(await keyOf(store)).toMatchObject({ state: 'free', reason: null, sequenceNumber: 77n })
  })

  sentence('that nobody enrolled are neither leased, settled nor restored', async (store) => {
    const unknown = { address, keyIndex: 5, fence: 1, sequenceNumber: 1n, nextSequenceNumber: 2n }
    expect(await store.commitLeases([{ ...unknown, ...flight() }])).toEqual([false])
    expect(await store.settleLeases([unknown])).toEqual([false])
    expect(await store.restoreKey(address, 5, 1n)).toBe(false)
  })

  sentence('answer nothing when nothing is asked', async (store) => {
    expect(await store.commitLeases([])).toEqual([])
    expect(await store.settleLeases([])).toEqual([])
    await store.enrollKeys(address, [])
    expect(await store.listKeys(address)).toEqual([])
  })

  sentence('stay with a holder that extends, and with it alone', async (store) => {
    await enroll(store, 2)
    const kept = await leaseOne(store, 'one', 300)
    const lost = await leaseOne(store, 'two', 300)
    await store.extend('one', minuteMs)
    const [taken] = await eventually(() => lease(store, 2, 'three'))
    expect(taken?.keyIndex).toBe(lost.keyIndex)
    expect(await store.commitLeases([{ ...kept, ...flight() }])).toEqual([true])
  })

  sentence('in flight are adopted when their holder is not heard of any more', async (store) => {
    await enroll(store, 2)
    const leases = await lease(store, 2)
    const [mute, live] = leases.map((held) => ({ ...held, ...flight() }))
    if (!mute || !live) throw new Error('no lease')
    await store.commitLeases([{ ...mute, leaseMs: 30 }, live])
    const ask = { address, holder: 'two', leaseMs: minuteMs }
    const [adopted, ...more] = await eventually(() => store.adoptKeys(ask))
    expect(more).toEqual([])
    const { transactionId, referenceBlockId } = mute
    const row = { keyIndex: 0, state: 'in-flight', transactionId, referenceBlockId, fence: 2 }
    expect(adopted).toMatchObject(row)
    expect(await store.settleLeases([{ ...mute, nextSequenceNumber: 11n }])).toEqual([false])
    const settlement = { ...mute, fence: 2, nextSequenceNumber: 11n }
    expect(await store.settleLeases([settlement])).toEqual([true])
  })

  sentence('in flight are adopted by one of 20 at once', async (store) => {
    await enroll(store, 1)
    const held = await leaseOne(store)
    await store.commitLeases([{ ...held, ...flight(), leaseMs: 1 }])
    const adopt = (holder: string) => store.adoptKeys({ address, holder, leaseMs: minuteMs })
    const race = async () =>
      (await Promise.all(Array.from({ length: 20 }, (_, index) => adopt(`${index}`)))).flat()
    expect(await eventually(race)).toHaveLength(1)
  })

  sentence('with an open attempt of a relay are not adopted as keys', async (store) => {
    await inFlight(store, ['job'], 1)
    const ask = { address, holder: 'two', leaseMs: 1 }
    await eventually(() => store.adoptAttempts(ask))
    await eventually(() => store.adoptAttempts(ask)) // so the time of the key is over too
    expect(await store.adoptKeys(ask)).toEqual([])
  })
}
