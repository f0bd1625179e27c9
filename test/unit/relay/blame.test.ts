import { createBlame } from '../../../src/relay/blame.ts'

describe('createBlame', () => {
  it('does not blame a job for failures at which nothing else worked', () => {
    const blame = createBlame()
    expect([1, 2, 3].map(() => blame.note(['a']))).toEqual([1, 1, 1])
  })

  it('blames a job once more for each success of others between its failures', () => {
    const blame = createBlame()
    const counts = [1, 2, 3].map(() => {
      const count = blame.note(['a'])
      blame.clear(['b'])
      return count
    })
    expect(counts).toEqual([1, 2, 3])
  })

  it('forgets a job that was signed', () => {
    const blame = createBlame()
    blame.note(['a'])
    blame.clear(['a'])
    expect(blame.note(['a'])).toBe(1)
  })

  it('tells of a batch the most blamed of its jobs', () => {
    const blame = createBlame()
    blame.note(['a'])
    blame.clear(['c'])
    expect(blame.note(['b', 'a'])).toBe(2)
  })

  it('forgets the oldest of very many', () => {
    const blame = createBlame()
    blame.note(['first'])
    for (let index = 0; index < 10_000; index++) blame.note([`job-${index}`])
    blame.clear(['other'])
    expect(blame.note(['first'])).toBe(1)
    expect(blame.note(['job-9999'])).toBe(2)
  })
})
