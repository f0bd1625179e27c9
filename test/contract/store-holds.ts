/** The sentences about what holds the relay of an account, and what ends it. @module */
import type { HoldEnd, HoldRow, RelayStore } from '../../src/stores/store.ts'
import type { Sentence } from './store-contract.ts'
import { address, names, other } from './store-fixtures.ts'

type Held = NonNullable<HoldRow['hold']>

const free: HoldRow = { paused: false, hold: null }
const holdOf = (code: string, end: HoldEnd): Held => ({ code, reason: `${code} it is`, end })
const signed = holdOf('KMS_ACCESS_DENIED', 'signed')
const executed = holdOf('PAYER_CANNOT_PAY', 'executed')
const operator = holdOf('NODES_DISAGREE', 'operator')

export function describeHolds(sentence: Sentence): void {
  const stands = async (store: RelayStore, hold: Held | null, paused = false) =>
    expect(await store.readHold(address)).toEqual({ paused, hold })

  sentence('holds nobody unless told', async (store) => {
    await stands(store, null)
    expect(await store.clearHold(address, 'ANY')).toEqual(free)
    expect(await store.resume(address)).toEqual(free)
    expect(await store.setPaused(address, false)).toEqual(free)
  })

  sentence('answers each step with the row as it then is', async (store) => {
    expect(await store.setHold(address, signed)).toEqual({ paused: false, hold: signed })
    expect(await store.setPaused(address, true)).toEqual({ paused: true, hold: signed })
    await stands(store, signed, true)
    expect(await store.setPaused(address, false)).toEqual({ paused: false, hold: signed })
    expect(await store.clearHold(address, signed.code)).toEqual(free)
    await stands(store, null)
  })

  sentence('holds each account apart', async (store) => {
    await store.setHold(address, signed)
    await store.setPaused(other, true)
    await stands(store, signed)
    expect(await store.readHold(other)).toEqual({ paused: true, hold: null })
  })

  for (const [first, second, kept] of [
    [signed, holdOf('KMS_KEY_DISABLED', 'signed'), 'second'],
    [signed, executed, 'second'],
    [signed, operator, 'second'],
    [executed, signed, 'first'],
    [executed, holdOf('SIGNATURE_REFUSED', 'executed'), 'second'],
    [executed, operator, 'second'],
    [operator, signed, 'first'],
    [operator, executed, 'first'],
    [operator, holdOf('CHAIN_WENT_BACKWARDS', 'operator'), 'first'],
  ] as const)
    sentence(`keeps the ${kept} of ${first.end} and ${second.end}`, async (store) => {
      await store.setHold(address, first)
      const hold = kept === 'first' ? first : second
      expect(await store.setHold(address, second)).toEqual({ paused: false, hold })
      await stands(store, hold)
    })

  sentence('takes the newer reason of the same code', async (store) => {
    await store.setHold(address, signed)
    const again = { ...signed, reason: 'another account' }
    expect(await store.setHold(address, again)).toMatchObject({ hold: again })
    await stands(store, again)
  })

  sentence('ends a hold by its own code alone', async (store) => {
    await store.setHold(address, signed)
    await store.setHold(address, executed)
    // Whoever was slow to say that the older one is over does not end the newer one.
    expect(await store.clearHold(address, signed.code)).toMatchObject({ hold: executed })
    await stands(store, executed)
    expect(await store.clearHold(address, executed.code)).toEqual(free)
  })

  sentence('ends the hold of an operator by resume alone', async (store) => {
    await store.setHold(address, operator)
    await store.setPaused(address, true)
    const row = { paused: true, hold: operator }
    expect(await store.clearHold(address, operator.code)).toEqual(row)
    expect(await store.setPaused(address, false)).toEqual({ ...row, paused: false })
    await stands(store, operator)
    expect(await store.resume(address)).toEqual(free)
    await stands(store, null)
    expect(await store.setHold(address, signed)).toMatchObject({ hold: signed })
  })

  sentence('keeps the strongest of many that come at once', async (store) => {
    const weak = names(20).map((code) => holdOf(code, 'signed'))
    const all = [...weak.slice(0, 10), operator, executed, ...weak.slice(10)]
    await Promise.all([
      ...all.map((hold) => store.setHold(address, hold)),
      ...weak.map(({ code }) => store.clearHold(address, code)),
      store.setPaused(address, true),
    ])
    await stands(store, operator, true)
  })

  sentence('keeps a reason whatever a remote has put into it', async (store) => {
    await store.setHold(address, { ...signed, reason: 'grant\0it \ud800' })
    await stands(store, { ...signed, reason: 'grant\ufffdit \ufffd' })
  })

  sentence('gives holds that are copies', async (store) => {
    const given = { ...signed }
    const row = await store.setHold(address, given)
    Object.assign(given, { code: 'CHANGED' })
    Object.assign(row.hold ?? {}, { code: 'CHANGED' })
    Object.assign((await store.readHold(address)).hold ?? {}, { code: 'CHANGED' })
    await stands(store, signed)
  })
}
