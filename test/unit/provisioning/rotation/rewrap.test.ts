import { rewrapSealedKeys } from '../../../../src/provisioning/rotation/rewrap.ts'
import type { KeyRetirement } from '../../../../src/provisioning/rotation/types.ts'
import { createSealedKeys } from '../../../../src/signers/sealed-key/index.ts'
import { createMapStore } from '../../../support/map-store.ts'
import { createSealingKms } from '../../../support/sealing-kms.ts'
import { code } from './retirement-world.ts'

const did = (text: string) => ({ done: true, text })

async function openStore(count: number) {
  const kms = createSealingKms()
  const [from, to, third] = [kms.arn, kms.addKey(), kms.addKey()]
  const store = createMapStore()
  const opens = { kms: kms.client, store }
  const before = createSealedKeys({ ...opens, keyId: from })
  const other = createSealedKeys({ ...opens, keyId: third })
  const keys = createSealedKeys({ ...opens, keyId: to, alsoOpens: [from, third] })
  for (let index = 0; index < count; index++)
    await before.create(`wallet-${index}`, { algorithm: 'ECDSA_P256' })
  const steps: string[] = []
  const retirement: KeyRetirement = {
    kind: 'aws-kms',
    reference: from,
    disable: async () => {
      steps.push('disable')
      return did('It is disabled.')
    },
    unused: async () => {
      steps.push('unused')
      return { unused: true, note: did('It is unused.') }
    },
    remove: async () => {
      steps.push('delete')
      return did('It is deleted.')
    },
  }
  return { kms, store, keys, before, other, from, to, third, retirement, steps }
}

describe('rewrapSealedKeys', () => {
  it('wraps all records anew, and then ends the old key', async () => {
    const { keys, other, from, to, third, retirement, steps } = await openStore(3)
    await other.create('elsewhere', { algorithm: 'ECDSA_P256' })
    const plan = await rewrapSealedKeys({ keys, from, to, retirement, stopBefore: 'rewrap' })
    expect(plan).toEqual({
      ...{ state: 'stopped', step: 'rewrap', rewrapped: 0, invalid: [], notes: [] },
      records: { [from]: 3, [third]: 1 },
    })
    expect(steps).toEqual([])
    const report = await rewrapSealedKeys({ keys, from, to, retirement })
    expect(report).toEqual({
      ...{ state: 'done', step: 'done', rewrapped: 4, invalid: [] },
      records: { [to]: 4 },
      notes: [
        `No record is under ${from} any more.`,
        ...['It is disabled.', 'It is unused.', 'It is deleted.'],
      ],
    })
    expect(steps).toEqual(['disable', 'unused', 'delete'])
    const again = await rewrapSealedKeys({ keys, from, to, retirement })
    expect(again).toMatchObject({ state: 'done', rewrapped: 0 })
  })

  it.each([
    ['atOnce', { atOnce: 0 }],
    ['atOnce', { atOnce: Number.NaN }],
    ['onProgress', { onProgress: 5 }],
  ])('is refused with a senseless %s, also where nothing is to wrap', async (option, wrong) => {
    const { keys, from, to } = await openStore(0)
    // As JavaScript may call it.
    const options = { keys, from, to, ...wrong } as Parameters<typeof rewrapSealedKeys>[0]
    await expect(rewrapSealedKeys(options)).rejects.toEqual(code('INVALID_OPTION', { option }))
  })

  it('ends no key for a store without a record, which may be the wrong one', async () => {
    const { keys, from, to, retirement, steps } = await openStore(0)
    const report = await rewrapSealedKeys({ keys, from, to, retirement })
    expect(report).toMatchObject({ state: 'records-left', step: 'rewrap', records: {} })
    expect(steps).toEqual([])
  })

  it.each(['disable', 'unused', 'delete'] as const)('stops before %s', async (stopBefore) => {
    const { keys, from, to, retirement, steps } = await openStore(1)
    const report = await rewrapSealedKeys({ keys, from, to, retirement, stopBefore })
    expect(report).toMatchObject({ state: 'stopped', step: stopBefore, records: { [to]: 1 } })
    expect(steps).toEqual(['disable', 'unused', 'delete'].slice(0, steps.length))
    expect(steps).not.toContain(stopBefore)
  })

  it('goes on where a fault has ended it', async () => {
    const { kms, keys, from, to, retirement, steps } = await openStore(40)
    const seen: number[] = []
    const onProgress = (progress: { seen: number }) => {
      seen.push(progress.seen)
      if (progress.seen === 20) kms.always('GenerateDataKey', new Error('the network is gone'))
    }
    const options = { keys, from, to, retirement, onProgress, atOnce: 1 }
    await expect(rewrapSealedKeys(options)).rejects.toEqual(code('KMS_UNAVAILABLE'))
    expect(steps).toEqual([])
    kms.always('GenerateDataKey', undefined)
    const report = await rewrapSealedKeys({ keys, from, to, retirement })
    expect(report).toMatchObject({ state: 'done', rewrapped: 20, records: { [to]: 40 } })
  }, 60_000)

  it('leaves the old key while a record is no record, or does not open, and names it', async () => {
    const { kms, store, keys, from, to, retirement, steps } = await openStore(2)
    const record = store.records.get('wallet-0') ?? new Uint8Array()
    store.records.set('wallet-0', new Uint8Array(9))
    const report = await rewrapSealedKeys({ keys, from, to, retirement })
    expect(report).toMatchObject({
      ...{ state: 'records-left', step: 'rewrap', invalid: ['wallet-0'] },
      notes: [expect.stringContaining('wallet-0'), expect.stringContaining('wallet-0')],
    })
    store.records.set('wallet-0', record)
    kms.always('Decrypt', (reply) => ({ ...reply, Plaintext: new Uint8Array(32) }))
    expect(await rewrapSealedKeys({ keys, from, to, retirement })).toMatchObject({
      ...{ state: 'records-left', invalid: ['wallet-0'], records: { [from]: 1, [to]: 1 } },
      notes: [
        expect.stringContaining('1 records are under it'),
        expect.stringContaining('wallet-0'),
      ],
    })
    expect(steps).toEqual([])
  })

  it('leaves the old key while somebody makes wallets under it', async () => {
    const { keys, before, from, to, retirement, steps } = await openStore(1)
    let made = false
    const busy = {
      ...keys,
      async rewrap(...given: Parameters<typeof keys.rewrap>) {
        const result = await keys.rewrap(...given)
        if (!made) await before.create('late', { algorithm: 'ECDSA_P256' })
        made = true
        return result
      },
    }
    expect(await rewrapSealedKeys({ keys: busy, from, to, retirement })).toMatchObject({
      state: 'records-left',
      records: { [from]: 1, [to]: 1 },
    })
    expect(steps).toEqual([])
    expect(await rewrapSealedKeys({ keys: busy, from, to, retirement })).toMatchObject({
      state: 'done',
    })
  })

  it('waits until the old key is unused', async () => {
    const { keys, from, to, retirement, steps } = await openStore(1)
    const answer = { unused: false, askAgainAt: 5, reason: 'it was used' } as const
    const patient = { ...retirement, unused: async () => answer }
    expect(await rewrapSealedKeys({ keys, from, to, retirement: patient })).toMatchObject({
      ...{ state: 'waiting-until-unused', step: 'unused', askAgainAt: 5 },
      notes: expect.arrayContaining(['The old key waits: it was used.']),
    })
    expect(steps).toEqual(['disable'])
  })

  it('leaves the old key as it is without a retirement', async () => {
    const { keys, from, to } = await openStore(1)
    const report = await rewrapSealedKeys({ keys, from, to })
    expect(report).toMatchObject({ state: 'done', records: { [to]: 1 } })
    expect(report.notes.join()).toContain('The old key was left')
  })

  it('refuses keys that are one, and the end of another key', async () => {
    const { keys, from, to, third, retirement } = await openStore(0)
    const wrong = [
      ['to', { to: from }],
      ['retirement', { retirement: { ...retirement, reference: third } }],
      ['retirement', { retirement: null as unknown as KeyRetirement }],
      ['stopBefore', { stopBefore: 'done' as 'delete' }],
      ['atonce', { atonce: 1 } as object],
    ] as const
    for (const [option, given] of wrong)
      await expect(rewrapSealedKeys({ keys, from, to, ...given })).rejects.toEqual(
        code('INVALID_OPTION', { option }),
      )
    await expect(rewrapSealedKeys({ keys, from: 'alias/old', to })).rejects.toEqual(
      code('INVALID_KEY_ID'),
    )
  })
})
