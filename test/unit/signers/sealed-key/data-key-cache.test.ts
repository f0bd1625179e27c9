import { readFileSync } from 'node:fs'
import { jest } from '@jest/globals'
import {
  createCachingOpener,
  type DataKeyCacheLimits,
} from '../../../../src/signers/sealed-key/data-key-cache.ts'
import { parseRecord, type SealedRecord } from '../../../../src/signers/sealed-key/record.ts'
import { bytesOf, hexOf } from '../../crypto/independent.ts'

const vectors: readonly { readonly record: string }[] = JSON.parse(
  readFileSync(new URL('../../../vectors/sealed-key/records.json', import.meta.url), 'utf8'),
)
const recordAt = (index: number): SealedRecord => {
  const record = parseRecord(bytesOf(vectors[index]?.record ?? ''))
  if (record === undefined) throw new Error('there is no such vector')
  return record
}
const [one, other, pair] = [recordAt(0), recordAt(1), recordAt(2)]
const limits: DataKeyCacheLimits = { maxKeys: 10, maxAgeMs: 60_000, maxUses: 100 }

/** A cache over a KMS whose answers are let go by hand, and every key that it gave. */
function open(more: Partial<DataKeyCacheLimits> = {}) {
  const given: Uint8Array[] = []
  const waiting: (() => void)[] = []
  let isHeld = false
  const opener = createCachingOpener(
    async () => {
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
      const plaintext = new Uint8Array(32).fill(given.length + 1)
      given.push(plaintext)
      return { plaintext, attempts: 1, requestId: `request-${given.length}` }
    },
    { ...limits, ...more },
  )
  return {
    opener,
    given,
    hold: () => {
      isHeld = true
    },
    letGo: () => {
      isHeld = false
      for (const go of waiting.splice(0)) go()
    },
    use: async (record = one) => (await opener.open(record, (key) => hexOf(key))).value,
  }
}
const isWiped = (key: Uint8Array | undefined) => key?.every((byte) => byte === 0)

afterEach(() => jest.useRealTimers())

describe('a cache of data keys', () => {
  it('asks once for many openings, and tells the call once', async () => {
    const { opener, given } = open()
    const calls = []
    for (let round = 0; round < 5; round++) calls.push((await opener.open(one, () => 0)).call)
    expect(given).toHaveLength(1)
    expect(calls[0]).toEqual({ attempts: 1, requestId: 'request-1' })
    expect(calls.slice(1)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('asks once for openings that begin together', async () => {
    const { given, hold, letGo, use } = open()
    hold()
    const opening = Array.from({ length: 20 }, () => use())
    letGo()
    expect(new Set(await Promise.all(opening)).size).toBe(1)
    expect(given).toHaveLength(1)
  })

  it('gives each its own key', async () => {
    const { given, use } = open()
    const [first, second] = [await use(one), await use(other)]
    expect(first).not.toBe(second)
    expect([await use(one), await use(other)]).toEqual([first, second])
    expect(given).toHaveLength(2)
  })

  it('overwrites the key that was not used for longest when it is full', async () => {
    const { given, use } = open({ maxKeys: 1 })
    await use(one)
    await use(other)
    expect(isWiped(given[0])).toBe(true)
    expect(isWiped(given[1])).toBe(false)
    await use(one)
    expect(given).toHaveLength(3)
  })

  it('overwrites a key after its last use, also when more waited for it', async () => {
    const { given, hold, letGo, use } = open({ maxUses: 3 })
    hold()
    const opening = Array.from({ length: 7 }, () => use())
    letGo()
    await Promise.all(opening)
    expect(given).toHaveLength(3)
    expect(given.map(isWiped)).toEqual([true, true, false])
  })

  it('overwrites a key when its time is over, used or not', async () => {
    jest.useFakeTimers()
    const { given, use } = open({ maxAgeMs: 1_000 })
    await use()
    jest.advanceTimersByTime(999)
    await use()
    expect(isWiped(given[0])).toBe(false)
    jest.advanceTimersByTime(1)
    expect(isWiped(given[0])).toBe(true)
    await use()
    expect(given).toHaveLength(2)
  })

  it('overwrites what is dropped, and all when it is wiped', async () => {
    const { opener, given, use } = open()
    await use(one)
    await use(other)
    opener.drop(one)
    expect(given.map(isWiped)).toEqual([true, false])
    opener.wipe()
    expect(given.map(isWiped)).toEqual([true, true])
  })

  it('does not keep a key under which the record does not open', async () => {
    const { opener, given, use } = open()
    const failing = opener.open(one, () => {
      throw new Error('it does not open')
    })
    await expect(failing).rejects.toThrow('it does not open')
    expect(isWiped(given[0])).toBe(true)
    await use()
    expect(given).toHaveLength(2)
  })

  it('never keeps what is a private key', async () => {
    const { given, use } = open()
    await use(pair)
    await use(pair)
    expect(given).toHaveLength(2)
    expect(given.map(isWiped)).toEqual([true, true])
  })

  it('ends the wait of who aborts, and of nobody else', async () => {
    const { opener, given, hold, letGo, use } = open()
    const controller = new AbortController()
    hold()
    const aborted = opener.open(one, () => 0, controller.signal)
    const others = use()
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    letGo()
    expect(await others).toHaveLength(64)
    expect(given).toHaveLength(1)
  })

  it('does not remember a failure', async () => {
    let calls = 0
    const opener = createCachingOpener(async () => {
      calls += 1
      if (calls === 1) throw new Error('KMS is away')
      return { plaintext: new Uint8Array(32), attempts: 1, requestId: undefined }
    }, limits)
    await expect(opener.open(one, () => 0)).rejects.toThrow('KMS is away')
    expect((await opener.open(one, () => 7)).value).toBe(7)
  })
})
