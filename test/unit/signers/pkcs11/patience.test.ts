import { jest } from '@jest/globals'
import { createPatience } from '../../../../src/signers/pkcs11/patience.ts'

beforeEach(() => jest.useFakeTimers())
afterEach(() => jest.useRealTimers())

const open = (sessions: number) => {
  const late: number[] = []
  const patience = createPatience(sessions, (number) => late.push(number))
  const begin = (...numbers: readonly number[]) => {
    for (const number of numbers) patience.begin(number, { timeoutMs: 100, needsSession: true })
  }
  return { late, patience, begin }
}

describe('the time of a task', () => {
  it('is over when it is not answered', () => {
    const { late, begin } = open(2)
    begin(1, 2)
    jest.advanceTimersByTime(99)
    expect(late).toEqual([])
    jest.advanceTimersByTime(1)
    expect(late).toEqual([1, 2])
  })

  it('begins when a session is free for it, in the order of the tasks', () => {
    const { late, patience, begin } = open(2)
    begin(1, 2, 3, 4)
    jest.advanceTimersByTime(90)
    patience.end(2)
    jest.advanceTimersByTime(9)
    patience.end(1)
    jest.advanceTimersByTime(90)
    expect(late).toEqual([])
    jest.advanceTimersByTime(1)
    expect(late).toEqual([3])
    jest.advanceTimersByTime(9)
    expect(late).toEqual([3, 4])
  })

  it('is that of no session when the task was answered without one', () => {
    const { late, patience, begin } = open(1)
    begin(1, 2, 3)
    patience.end(2)
    jest.advanceTimersByTime(99)
    patience.end(1)
    jest.advanceTimersByTime(99)
    expect(late).toEqual([])
    jest.advanceTimersByTime(1)
    expect(late).toEqual([3])
  })

  it('begins at once for a task that needs no session', () => {
    const { late, patience, begin } = open(1)
    begin(1)
    patience.begin(2, { timeoutMs: 10, needsSession: false })
    jest.advanceTimersByTime(10)
    expect(late).toEqual([2])
    patience.end(2)
    begin(3) // the session is that of the first
    patience.end(1)
    jest.advanceTimersByTime(99)
    expect(late).toEqual([2])
  })

  it('ends with all of them', () => {
    const { late, patience, begin } = open(1)
    begin(1, 2)
    patience.endAll()
    jest.advanceTimersByTime(1_000)
    expect(late).toEqual([])
    begin(3)
    jest.advanceTimersByTime(100)
    expect(late).toEqual([3])
  })
})
