/** A governor whose backend throttles, and the rate that comes back. @module */
import { createSigningGovernor, type GovernorReport, SignerError } from '../../../src/index.ts'
import { createAdaptiveRate } from '../../../src/signers/governor/adaptive-rate.ts'

const name = 'aws-kms us-east-1 111122223333'
const throttled = () =>
  new SignerError('KMS_THROTTLED', { keyId: 'a key', attempts: 1, elapsedMs: 1 })

describe('a backend that throttles', () => {
  it('halves the rate, once for all that were on their way', async () => {
    const reports: GovernorReport[] = []
    const onReport = (report: GovernorReport) => reports.push(report)
    const governor = createSigningGovernor({ ratePerSecond: 1_000, onReport })
    let refuse: () => void = () => undefined
    const refused = new Promise<void>((resolve) => {
      refuse = resolve
    })
    const runs = Array.from({ length: 5 }, () =>
      governor.run(name, async () => {
        await refused
        throw throttled()
      }),
    )
    while (governor.stats().get(name)?.running !== 5) await new Promise(setImmediate)
    refuse()
    for (const { status } of await Promise.allSettled(runs)) expect(status).toBe('rejected')
    const stats = governor.stats().get(name)
    expect(stats?.throttled).toBe(5)
    expect(stats?.ratePerSecond).toBeGreaterThanOrEqual(500)
    expect(stats?.ratePerSecond).toBeLessThan(600)
    expect(reports).toHaveLength(1)
    expect(reports[0]).toMatchObject({ name, event: 'slowed', throttled: 1 })
  })

  it('halves it also when a signer tries again and then signs', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 100 })
    const signed = await governor.run(name, async (pace) => {
      pace.throttled()
      await pace.nextTurn()
      return 'signed'
    })
    expect(signed).toBe('signed')
    expect(governor.stats().get(name)).toMatchObject({ throttled: 1 })
    expect(governor.stats().get(name)?.ratePerSecond).toBeLessThan(60)
  })

  it('counts once what the signer has told before it failed', async () => {
    const governor = createSigningGovernor()
    const failing = governor.run(name, async (pace) => {
      pace.throttled()
      throw throttled()
    })
    await expect(failing).rejects.toMatchObject({ code: 'KMS_THROTTLED' })
    expect(governor.stats().get(name)?.throttled).toBe(1)
  })

  it('and other failures do not slow it', async () => {
    const governor = createSigningGovernor()
    const failing = governor.run(name, () => Promise.reject(new Error('another')))
    await expect(failing).rejects.toThrow('another')
    expect(governor.stats().get(name)).toMatchObject({ throttled: 0, ratePerSecond: 300 })
  })
})

describe('the adaptive rate', () => {
  it('halves, not below 1, and is back after 10 s at most', () => {
    const rate = createAdaptiveRate(300)
    expect(rate.at(0)).toBe(300)
    expect([rate.slow(0, 0), rate.at(0)]).toEqual([true, 150])
    expect([rate.at(2_000), rate.at(5_000), rate.at(60_000)]).toEqual([210, 300, 300])
    for (let now = 1; now <= 20; now++) rate.slow(now, now)
    expect(rate.at(20)).toBeGreaterThanOrEqual(1)
    expect(rate.at(20)).toBeLessThan(2)
    expect(rate.at(5_020)).toBeCloseTo(150, -1)
    expect(rate.at(10_020)).toBe(300)
  })

  it('takes no second blow from a request that was sent before the first', () => {
    const rate = createAdaptiveRate(300)
    expect(rate.slow(1_000, 900)).toBe(true)
    expect([rate.slow(1_100, 950), rate.at(1_100)]).toEqual([false, 153])
    expect(rate.slow(1_200, 1_100)).toBe(true)
  })
})
