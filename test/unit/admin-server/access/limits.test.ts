/** Limits by token buckets: what they let through, for how long they refuse, what they remember. @module */

import fc from 'fast-check'
import {
  createLimits,
  createRateLimiter,
} from '../../../../examples/admin-server/src/access/limits.ts'
import { testClock } from './support.ts'

const allowed = { allowed: true, retryAfterSeconds: 0 }

describe('a rate limiter', () => {
  it('lets a burst through, then as many as the rate gives', () => {
    const clock = testClock(0)
    const limiter = createRateLimiter({ perSecond: 2, burst: 3, clock })
    for (let call = 0; call < 3; call += 1) expect(limiter.take('a')).toEqual(allowed)
    expect(limiter.take('a')).toEqual({ allowed: false, retryAfterSeconds: 1 })
    clock.advance(499)
    expect(limiter.take('a').allowed).toBe(false)
    clock.advance(1)
    expect(limiter.take('a')).toEqual(allowed)
    expect(limiter.take('a').allowed).toBe(false)
  })

  it('says a time after which a call is let through', () => {
    const rate = fc.double({ min: 0.01, max: 50, noNaN: true })
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 20 }), (perSecond, burst) => {
        const clock = testClock(0)
        const limiter = createRateLimiter({ perSecond, burst, clock })
        for (let call = 0; call < burst; call += 1) limiter.take('a')
        const { retryAfterSeconds } = limiter.take('a')
        expect(Number.isInteger(retryAfterSeconds) && retryAfterSeconds >= 1).toBe(true)
        clock.advance(retryAfterSeconds * 1_000 + 1)
        expect(limiter.take('a')).toEqual(allowed)
      }),
    )
  })

  it('never lets more through than burst and rate allow', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (pauses) => {
        const clock = testClock(0)
        const limiter = createRateLimiter({ perSecond: 5, burst: 4, clock })
        let through = 0
        for (const pause of pauses) {
          clock.advance(pause)
          if (limiter.take('a').allowed) through += 1
        }
        expect(through).toBeLessThanOrEqual(4 + (clock() / 1_000) * 5 + 1e-6)
      }),
    )
  })

  it('does not take by a look', () => {
    const limiter = createRateLimiter({ perSecond: 1, burst: 1, clock: testClock(0) })
    expect(limiter.peek('a')).toEqual(allowed)
    expect(limiter.peek('a')).toEqual(allowed)
    limiter.take('a')
    expect(limiter.peek('a').allowed).toBe(false)
  })

  it('remembers a bounded number of keys, and forgets the one that was idle longest', () => {
    const limiter = createRateLimiter({ perSecond: 1, burst: 1, clock: testClock(0), maxKeys: 3 })
    for (const key of ['busy', 'a', 'b']) limiter.take(key)
    limiter.take('busy') // refused, and yet it was there just now
    for (let key = 0; key < 2; key += 1) limiter.take(`new-${key}`)
    expect(limiter.size()).toBe(3)
    expect(limiter.peek('busy').allowed).toBe(false)
    expect(limiter.peek('a').allowed).toBe(true)
  })
})

describe('the limits of the server', () => {
  const rates = { token: 1, address: 2, all: 3 }

  it('bound an address without touching another', () => {
    const limits = createLimits(rates, { clock: testClock(0) })
    for (let call = 0; call < 4; call += 1) expect(limits.address('192.0.2.1')).toEqual(allowed)
    expect(limits.address('192.0.2.1').allowed).toBe(false)
    expect(limits.address('192.0.2.2')).toEqual(allowed)
  })

  it('bound all IPv6 addresses of one customer together', () => {
    const limits = createLimits(rates, { clock: testClock(0) })
    for (let call = 0; call < 4; call += 1) limits.address(`2001:db8::${call}`)
    expect(limits.address('2001:db8::ffff').allowed).toBe(false)
    expect(limits.address('2001:db8:0:1::1')).toEqual(allowed)
  })

  it('bound a principal without touching another', () => {
    const limits = createLimits(rates, { clock: testClock(0) })
    expect(limits.caller({ name: 'a' })).toEqual(allowed)
    expect(limits.caller({ name: 'a' })).toEqual(allowed)
    expect(limits.caller({ name: 'a' }).allowed).toBe(false)
    expect(limits.caller({ name: 'b' })).toEqual(allowed)
  })

  it('bound all principals together', () => {
    const limits = createLimits(rates, { clock: testClock(0) })
    for (let call = 0; call < 6; call += 1)
      expect(limits.caller({ name: `p-${call}` })).toEqual(allowed)
    expect(limits.caller({ name: 'another' }).allowed).toBe(false)
  })

  it('take nothing of what all have when a principal is refused for its own', () => {
    const limits = createLimits(rates, { clock: testClock(0) })
    for (let call = 0; call < 50; call += 1) limits.caller({ name: 'greedy' })
    for (let call = 0; call < 4; call += 1)
      expect(limits.caller({ name: `p-${call}` })).toEqual(allowed)
  })

  it('take nothing of a principal that is refused for what all have', () => {
    const clock = testClock(0)
    const limits = createLimits({ token: 0.1, address: 2, all: 0.5 }, { clock })
    expect(limits.caller({ name: 'a' })).toEqual(allowed)
    expect(limits.caller({ name: 'b' }).allowed).toBe(false)
    clock.advance(1_999)
    expect(limits.caller({ name: 'b' }).allowed).toBe(false)
    clock.advance(1)
    expect(limits.caller({ name: 'b' })).toEqual(allowed)
  })

  it('refuse an address after ten refused credentials in a minute, until one is given back', () => {
    const clock = testClock(0)
    const { credentials } = createLimits(rates, { clock })
    for (let failure = 0; failure < 10; failure += 1) {
      expect(credentials.check('192.0.2.1', `wrong ${failure}`)).toEqual(allowed)
      credentials.refused('192.0.2.1', `wrong ${failure}`)
    }
    const refused = { allowed: false, retryAfterSeconds: 6 }
    expect(credentials.check('192.0.2.1', 'another')).toEqual(refused)
    expect(credentials.check('192.0.2.2', 'another')).toEqual(allowed)
    clock.advance(6_000)
    expect(credentials.check('192.0.2.1', 'another')).toEqual(allowed)
  })

  it('let a credential through that was right lately, until it is refused itself', () => {
    const { credentials, address } = createLimits(rates, { clock: testClock(0), maxKeys: 2 })
    credentials.accepted('right')
    for (let failure = 0; failure < 10; failure += 1) credentials.refused('192.0.2.1', 'wrong')
    expect(credentials.check('192.0.2.1', 'right')).toEqual(allowed)
    expect(credentials.check('192.0.2.1', 'new').allowed).toBe(false)
    expect(address('192.0.2.1')).toEqual(allowed)
    credentials.refused('192.0.2.1', 'right') // revoked meanwhile
    expect(credentials.check('192.0.2.1', 'right').allowed).toBe(false)
    for (const one of ['a', 'b', 'a', 'c']) credentials.accepted(one)
    const known = ['a', 'b', 'c'].map((one) => credentials.check('192.0.2.1', one).allowed)
    expect(known).toEqual([true, false, true])
  })
})
