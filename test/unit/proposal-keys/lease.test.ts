import { createLease, type LeaseEnds } from '../../../src/proposal-keys/lease.ts'
import { until } from '../../support/until.ts'

const fact = { address: '0xf8d6e0586b0a20c7', keyIndex: 3, sequenceNumber: 7n, fence: 2 }
const flight = { transactionId: 'ab'.repeat(32), referenceBlockId: 'cd'.repeat(32) }
const lost = expect.objectContaining({
  code: 'LEASE_LOST',
  context: { address: fact.address, keyIndex: 3 },
})

/** A lease, and what it told in the order in which it did. */
function leased(leaseMs = 60_000, change: Partial<LeaseEnds> = {}) {
  const told: string[] = []
  const tell = (name: string) => () => void told.push(name)
  const lease = createLease(
    fact,
    'us',
    { fromHeight: 40, leaseMs, keysSince: undefined },
    {
      commit: async () => true,
      onCommitted: tell('committed'),
      giveBack: async () => tell('given back')(),
      onAbandoned: tell('abandoned'),
      onOver: tell('over'),
      ...change,
    },
  )
  return { lease, told }
}

/** Blocks the process, as a garbage collection or a debugger does: no timer runs meanwhile. */
function standStill(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

describe('createLease', () => {
  it('tells the key, the number and the height that it was made with', () => {
    const { lease } = leased()
    expect(lease).toMatchObject({
      fact,
      holder: 'us',
      keyIndex: 3,
      sequenceNumber: 7n,
      fromHeight: 40,
    })
    expect(Object.isFrozen(lease)).toBe(true)
  })

  it('is given back once, and then lost', async () => {
    const { lease, told } = leased()
    lease.assertHeld()
    await lease.release()
    await lease.release()
    expect(told).toEqual(['over', 'given back'])
    expect(() => lease.assertHeld()).toThrow(lost)
    await expect(lease.commit(flight)).rejects.toEqual(lost)
    await expect(lease.handOver(async () => true)).rejects.toEqual(lost)
  })

  it('belongs to the chain once it is committed: neither time nor a release gives it back', async () => {
    const { lease, told } = leased(60)
    await lease.commit(flight)
    await lease.release()
    const end = performance.now() + 120
    await until(() => performance.now() > end)
    expect(told).toEqual(['over', 'committed'])
    expect(() => lease.assertHeld()).toThrow(lost)
  })

  it('is not committed twice', async () => {
    const { lease } = leased()
    await lease.commit(flight)
    await expect(lease.commit(flight)).rejects.toEqual(lost)
  })

  it('is lost when the store has given it to another', async () => {
    const { lease, told } = leased(60_000, { commit: async () => false })
    await expect(lease.commit(flight)).rejects.toEqual(lost)
    await lease.release()
    expect(told).toEqual(['over']) // neither given back nor followed: it is another's
  })

  it('is given back when the store does not answer, since no signature has left', async () => {
    const away = new RangeError('away')
    const { lease, told } = leased(60_000, { commit: () => Promise.reject(away) })
    await expect(lease.commit(flight)).rejects.toBe(away)
    expect(told).toEqual(['over', 'given back'])
  })

  it('is abandoned when its time is over', async () => {
    const { lease, told } = leased(30)
    await until(() => told.length > 0)
    expect(told).toEqual(['abandoned', 'over', 'given back'])
    await expect(lease.commit(flight)).rejects.toEqual(lost)
  })

  it('is lost by the clock, even when its timer could not run', () => {
    const { lease, told } = leased(30)
    standStill(40)
    expect(told).toEqual([])
    expect(() => lease.assertHeld()).toThrow(lost)
  })

  it('lives on from the moment at which it was renewed', async () => {
    const { lease, told } = leased(200)
    lease.renew(performance.now() + 60_000)
    standStill(220)
    lease.assertHeld()
    expect(told).toEqual([])
    await lease.release()
  })

  it('is not brought back by a renewal that comes too late', () => {
    const { lease } = leased(20)
    standStill(30)
    lease.renew(performance.now())
    expect(() => lease.assertHeld()).toThrow(lost)
  })

  it('is left to one who commits it by a step of his own', async () => {
    const { lease, told } = leased()
    await lease.handOver(async () => true)
    await lease.release()
    expect(told).toEqual(['over'])
  })

  it('is given back when that step did not commit it', async () => {
    const { lease, told } = leased()
    await expect(lease.handOver(async () => false)).rejects.toEqual(lost)
    expect(told).toEqual(['over', 'given back'])
  })

  it('is left alone when nobody knows what that step did', async () => {
    const { lease, told } = leased()
    const away = new RangeError('away')
    await expect(lease.handOver(() => Promise.reject(away))).rejects.toBe(away)
    await lease.release()
    expect(told).toEqual(['over'])
  })
})
