import { jest } from '@jest/globals'
import { createProbes } from '../../../src/relay/probes.ts'

const untilDue = (probes: ReturnType<typeof createProbes>) => {
  jest.advanceTimersByTime(Math.ceil(probes.inMs()))
}

describe('probes', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  it('wait twice as long after each that fails, up to a minute', () => {
    const probes = createProbes()
    const waits: number[] = []
    for (let time = 0; time < 8; time += 1) {
      probes.failed()
      expect(probes.take()).toBe(false)
      waits.push(Math.round(probes.inMs() / 1_000))
      untilDue(probes)
      expect(probes.take()).toBe(true)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  })

  it('count many that fail at once as one', () => {
    const probes = createProbes()
    for (let time = 0; time < 50; time += 1) probes.failed()
    expect(Math.round(probes.inMs())).toBe(1_000)
  })

  it('are one at a time', () => {
    const probes = createProbes()
    probes.failed()
    untilDue(probes)
    expect([probes.take(), probes.take()]).toEqual([true, false])
  })

  it('begin anew after something worked', () => {
    const probes = createProbes()
    probes.failed()
    untilDue(probes)
    probes.take()
    probes.failed()
    probes.reset()
    probes.failed()
    expect(Math.round(probes.inMs())).toBe(1_000)
  })
})
