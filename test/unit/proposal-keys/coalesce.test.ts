import { SignerError } from '../../../src/errors.ts'
import { coalesce } from '../../../src/proposal-keys/coalesce.ts'

/** Steps that end when they are told to. */
function steps() {
  const ran: (readonly number[])[] = []
  const ends: (() => void)[] = []
  const run = async (items: readonly number[]) => {
    ran.push(items)
    await new Promise<void>((resolve) => {
      ends.push(resolve)
    })
    return items.map((item) => item * 10)
  }
  const end = async () => {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const begun = () => new Promise((resolve) => setImmediate(resolve))
  return { ran, run, end, begun }
}

describe('coalesce', () => {
  it('takes calls of one turn together, and those during a step in the next', async () => {
    const { ran, run, end, begun } = steps()
    const ask = coalesce(run, 100)
    const first = [ask(1), ask(2)]
    await begun()
    const second = [ask(3), ask(4)]
    await end()
    await end()
    expect(await Promise.all([...first, ...second])).toEqual([10, 20, 30, 40])
    expect(ran).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('takes no more than so many in a step', async () => {
    const ran: number[] = []
    const ask = coalesce(async (items: readonly number[]) => {
      ran.push(items.length)
      return items
    }, 3)
    const items = [1, 2, 3, 4, 5, 6, 7]
    expect(await Promise.all(items.map(ask))).toEqual(items)
    expect(ran).toEqual([3, 3, 1])
  })

  it('rejects those of a step that fails, and goes on with the next', async () => {
    const ask = coalesce(async (items: readonly number[]) => {
      if (items.includes(1)) throw new RangeError('one')
      return items
    }, 2)
    const settled = await Promise.allSettled([1, 2, 3].map(ask))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(await ask(4)).toBe(4)
  })

  it('takes no more bytes than a step may have, and what is larger alone', async () => {
    const ran: number[][] = []
    const ask = coalesce(async (items: readonly { text: string; bytes: Uint8Array }[]) => {
      ran.push(items.map(({ bytes }) => bytes.length))
      return items
    }, 100)
    const ofBytes = (byteLength: number) => {
      const text = '語'.repeat(1_000_000) // three bytes each
      return { text, bytes: new Uint8Array(byteLength) }
    }
    await Promise.all([1, 2, 9_000_000, 3, 4, 5].map((byteLength) => ask(ofBytes(byteLength))))
    expect(ran).toEqual([[1, 2], [9_000_000], [3, 4], [5]])
  })

  it.each([
    ['INVALID_OPTION', { option: 'job', reason: 'it holds a NUL character' }],
    ['STORE_REFUSED', { operation: 'addJobs', sqlState: '22P05' }],
  ] as const)('lets one that is refused by %s fail alone', async (code, context) => {
    const done: number[] = []
    const ask = coalesce(async (items: readonly number[]) => {
      if (items.some((item) => item === 3 || item === 6)) throw new SignerError(code, context)
      done.push(...items)
      return items.map((item) => item * 10)
    }, 100)
    const settled = await Promise.allSettled([1, 2, 3, 4, 5, 6, 7].map(ask))
    expect(
      settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code)),
    ).toEqual([10, 20, code, 40, 50, code, 70])
    expect(done).toEqual([1, 2, 4, 5, 7])
  })

  it('asks nothing again when it is not known what became of the step', async () => {
    let asked = 0
    const ask = coalesce(async () => {
      asked += 1
      throw new SignerError('STORE_UNAVAILABLE', { operation: 'addJobs' })
    }, 100)
    const settled = await Promise.allSettled([1, 2, 3].map(ask))
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(asked).toBe(1)
  })

  it('rejects one that gets no answer', async () => {
    const ask = coalesce(async (items: readonly number[]) => items.slice(1), 10)
    const settled = await Promise.allSettled([ask(1), ask(2)])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  it('takes undefined for an answer', async () => {
    const ask = coalesce(async (items: readonly number[]) => items.map(() => undefined), 10)
    expect(await ask(1)).toBeUndefined()
  })
})
