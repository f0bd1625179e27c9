import { jest } from '@jest/globals'
import type { EnclaveControl, EnclaveHealth } from '../../../src/enclave/parent/control.ts'
import type { EnclaveHostEvent } from '../../../src/enclave/parent/events.ts'
import { type EnclaveHostLimits, readLimits } from '../../../src/enclave/parent/limits.ts'
import { createSupervisor, type EnclaveRunner } from '../../../src/enclave/parent/supervisor.ts'
import { SignerError } from '../../../src/errors.ts'
import { type HeldClock, holdClock } from '../../support/held-clock.ts'

let clock: HeldClock
beforeEach(() => {
  clock = holdClock()
  jest.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  jest.restoreAllMocks()
  clock[Symbol.dispose]()
})

const well: EnclaveHealth = { status: 'ok', startedAt: new Date(0), clockOffsetMs: 3 }
const failing = (code: string): EnclaveHealth => ({
  ...{ status: 'failing', startedAt: new Date(0), clockOffsetMs: 0 },
  error: { code, message: 'It says why.' },
})
const silent = () => new SignerError('ENCLAVE_UNAVAILABLE', { reason: 'silence' })

/** An enclave that a test starts, stills and kills, with the real supervisor. */
function world(given: Partial<EnclaveHostLimits> = {}, isOwn = true) {
  const events: EnclaveHostEvent[] = []
  const calls = { starts: 0, stops: 0, drops: 0 }
  const state = {
    health: (): EnclaveHealth => well,
    start: (): void => undefined,
    kill: (_why: string): void => undefined,
  }
  const runner: EnclaveRunner = {
    async start() {
      calls.starts += 1
      state.start()
      const ended = new Promise<string>((resolve) => {
        state.kill = resolve
      })
      return {
        ended,
        async stop() {
          calls.stops += 1
        },
      }
    },
  }
  const control: EnclaveControl = {
    create: () => Promise.reject(silent()),
    health: async () => state.health(),
  }
  const supervisor = createSupervisor({
    ...{ runner: isOwn ? runner : undefined, control, limits: readLimits(given) },
    drop() {
      calls.drops += 1
    },
    tell: (event) => events.push(event),
  })
  const kinds = () => events.map(({ kind }) => kind)
  return { ...{ supervisor, events, calls, state, kinds } }
}

const refusal = (code: string) => expect.objectContaining({ code })

describe('an enclave that is looked after', () => {
  it('is up when it says so, and not before', async () => {
    const { supervisor, state, kinds, calls } = world()
    state.health = () => ({ ...well, status: 'starting' })
    const begun = supervisor.begin()
    await clock.pass(1_000)
    expect(supervisor.state()).toBe('starting')
    expect(supervisor.assertUp).toThrow(refusal('ENCLAVE_UNAVAILABLE'))
    state.health = () => well
    await clock.passUntil(begun)
    expect(supervisor.state()).toBe('up')
    expect(supervisor.assertUp()).toBeUndefined()
    expect(kinds()).toEqual(['healthy', 'started'])
    await supervisor.close()
    expect(calls).toMatchObject({ starts: 1, stops: 1 })
    expect(supervisor.assertUp).toThrow(refusal('ENCLAVE_UNAVAILABLE'))
  })

  it('is given up at once when it does not get ready the first time, and stopped', async () => {
    const { supervisor, state, calls } = world({ startTimeoutMs: 2_000 })
    state.health = () => {
      throw silent()
    }
    const begun = supervisor.begin()
    begun.catch(() => undefined)
    await clock.pass(2_100)
    await expect(begun).rejects.toThrow(refusal('ENCLAVE_NOT_STARTED'))
    expect(calls).toMatchObject({ starts: 1, stops: 1 })
    await supervisor.close()
  })

  it('says why it ended at once', async () => {
    const { supervisor, state } = world()
    state.health = () => ({ ...well, status: 'starting' })
    const begun = supervisor.begin()
    begun.catch(() => undefined)
    await clock.pass(100)
    state.kill('kernel\npanic')
    await clock.pass(300)
    await expect(begun).rejects.toMatchObject({
      ...{ code: 'ENCLAVE_NOT_STARTED', context: { reason: 'it ended at once: kernel panic' } },
    })
    await supervisor.close()
  })

  it('is started again when it ended, after a pause, and refused meanwhile', async () => {
    const { supervisor, state, events, calls } = world()
    await clock.passUntil(supervisor.begin())
    const { drops } = calls
    state.kill('killed')
    await clock.pass(0)
    expect(supervisor.assertUp).toThrow(refusal('ENCLAVE_UNAVAILABLE'))
    expect(calls.drops).toBe(drops + 1)
    expect(calls.starts).toBe(1)
    await clock.pass(999)
    expect(calls.starts).toBe(1)
    await clock.pass(2)
    expect(calls.starts).toBe(2)
    expect(supervisor.state()).toBe('up')
    expect(supervisor.restarts()).toBe(1)
    expect(events.slice(2)).toMatchObject([
      { kind: 'ended', reason: 'killed' },
      { kind: 'restarting', delayMs: 1_000, code: 'ENCLAVE_UNAVAILABLE' },
      { kind: 'healthy' },
      { kind: 'started' },
    ])
    await supervisor.close()
  })

  it('waits twice as long each time, up to a bound, and draws half of it', async () => {
    const limits = { maxPauseMs: 5_000, maxRestarts: 5 }
    const { supervisor, state, events } = world(limits)
    await clock.passUntil(supervisor.begin())
    state.start = () => {
      throw new SignerError('ENCLAVE_NOT_STARTED', { reason: 'no memory', remedy: 'buy some' })
    }
    const pauses = () =>
      events.flatMap((event) => (event.kind === 'restarting' ? [event.delayMs] : []))
    state.kill('killed')
    await clock.pass(60_000)
    expect(pauses()).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
    expect(events.at(-1)).toMatchObject({ kind: 'gave-up', code: 'ENCLAVE_NOT_STARTED' })
    expect(supervisor.state()).toBe('given-up')
    expect(supervisor.assertUp).toThrow(refusal('ENCLAVE_NOT_STARTED'))
    await supervisor.close()
    jest.spyOn(Math, 'random').mockReturnValue(0)
    const lucky = world(limits)
    await clock.passUntil(lucky.supervisor.begin())
    lucky.state.kill('killed')
    await clock.pass(10)
    expect(lucky.events.at(-1)).toMatchObject({ kind: 'restarting', delayMs: 500 })
    await lucky.supervisor.close()
  })

  it('begins a new row of pauses after a good while', async () => {
    const { supervisor, state, events } = world({ stableMs: 30_000 })
    await clock.passUntil(supervisor.begin())
    const delay = () => events.findLast((event) => event.kind === 'restarting')
    for (const expected of [1_000, 2_000]) {
      state.kill('killed')
      await clock.pass(10)
      expect(delay()).toMatchObject({ delayMs: expected })
      await clock.pass(expected)
    }
    await clock.pass(31_000)
    state.kill('killed')
    await clock.pass(10)
    expect(delay()).toMatchObject({ delayMs: 1_000 })
    await supervisor.close()
  })

  it('is stopped and started again when it is silent three times, not before', async () => {
    const { supervisor, state, calls, kinds } = world({ healthIntervalMs: 1_000 })
    await clock.passUntil(supervisor.begin())
    let misses = 0
    state.health = () => {
      misses += 1
      throw silent()
    }
    await clock.pass(2_050)
    expect(misses).toBe(2)
    expect(supervisor.state()).toBe('up')
    state.health = () => well
    await clock.pass(1_000)
    state.health = () => {
      misses += 1
      throw silent()
    }
    await clock.pass(3_050)
    expect(misses).toBe(5)
    expect(calls.stops).toBe(1)
    expect(kinds().slice(2)).toEqual(['unhealthy', 'ended', 'restarting'])
    state.health = () => well
    await clock.pass(1_000)
    expect(supervisor.state()).toBe('up')
    await supervisor.close()
  })

  it('is not started again because it says that it fails', async () => {
    const { supervisor, state, calls, events } = world({ healthIntervalMs: 1_000 })
    state.health = () => failing('KMS_ACCESS_DENIED')
    await clock.passUntil(supervisor.begin())
    await clock.pass(10_000)
    expect(calls).toMatchObject({ starts: 1, stops: 0 })
    expect(supervisor.health()?.status).toBe('failing')
    const troubles = events.filter(({ kind }) => kind === 'unhealthy')
    expect(troubles).toEqual([
      { kind: 'unhealthy', code: 'KMS_ACCESS_DENIED', problem: 'It says why.' },
    ])
    state.health = () => well
    await clock.pass(1_000)
    expect(events.at(-1)).toEqual({ kind: 'healthy', clockOffsetMs: 3 })
    await supervisor.close()
  })

  it('of somebody else is only asked how it is', async () => {
    const { supervisor, state, calls, kinds } = world({ healthIntervalMs: 1_000 }, false)
    state.health = () => {
      throw silent()
    }
    await supervisor.begin()
    expect(supervisor.assertUp()).toBeUndefined()
    await clock.pass(5_000)
    expect(supervisor.state()).toBe('down')
    expect(kinds()).toEqual(['unhealthy'])
    expect(calls.drops).toBeGreaterThan(0)
    state.health = () => well
    await clock.pass(1_000)
    expect(supervisor.state()).toBe('up')
    expect(kinds()).toEqual(['unhealthy', 'healthy'])
    await supervisor.close()
    expect(calls.starts).toBe(0)
  })

  it('stops what a runner starts too late', async () => {
    let stops = 0
    let go: () => void = () => undefined
    const late = new Promise<void>((resolve) => {
      go = resolve
    })
    const supervisor = createSupervisor({
      ...{ control: { create: () => Promise.reject(silent()), health: async () => well } },
      ...{ limits: readLimits({ startTimeoutMs: 1_000 }), drop: () => undefined },
      tell: () => undefined,
      runner: {
        async start() {
          await late
          const stop = async () => {
            stops += 1
          }
          return { ended: new Promise(() => undefined), stop }
        },
      },
    })
    const begun = supervisor.begin()
    begun.catch(() => undefined)
    await clock.pass(1_100)
    await expect(begun).rejects.toThrow(refusal('ENCLAVE_NOT_STARTED'))
    go()
    await clock.pass(10)
    expect(stops).toBe(1)
    await supervisor.close()
  })
})
