/** That no block came is told, by a clock of the test. @module */
import { createBlockSilence } from '../../../src/flow/block-silence.ts'

function listen() {
  const told: (readonly number[])[] = []
  let now = 0
  const silence = createBlockSilence(
    1_000,
    (height, quietMs) => told.push([height, quietMs]),
    () => now,
  )
  return {
    ...silence,
    told,
    after(ms: number, height: number | undefined) {
      now += ms
      silence.note(height)
    },
  }
}

describe('the silence of a chain', () => {
  it('is told once for each time without a new block', () => {
    const silence = listen()
    for (const ms of [0, 500, 499, 1, 500, 500]) silence.after(ms, 7)
    expect(silence.told).toEqual([
      [7, 1_000],
      [7, 2_000],
    ])
  })

  it('ends with a new block, a lower one too', () => {
    const silence = listen()
    for (const height of [7, 8, 7, 9]) silence.after(999, height)
    expect(silence.told).toEqual([])
  })

  it('does not count the time in which nobody looks', () => {
    const silence = listen()
    silence.after(0, 7)
    silence.forget()
    silence.after(5_000, 7)
    silence.after(999, 7)
    silence.after(0, undefined)
    expect(silence.told).toEqual([])
  })
})
