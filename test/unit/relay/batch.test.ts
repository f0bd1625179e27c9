import {
  combineArguments,
  createBatch,
  createEstimate,
  packJobs,
} from '../../../src/relay/batch.ts'
import type { JobRow } from '../../../src/stores/index.ts'

const cadence = 'transaction(names: [String]) {}'

function job(id: string, change: Partial<JobRow> = {}): JobRow {
  return {
    id,
    intentHash: '',
    cadence: '',
    arguments: [`{"type":"String","value":"${id}"}`],
    computeLimit: 0,
    batch: 'mints',
    batchGroup: null,
    address: '0xf8d6e0586b0a20c7',
    state: 'claimed',
    fence: 1,
    attempts: 0,
    batchLimit: null,
    transactionId: null,
    blockHeight: null,
    executed: false,
    errorCode: null,
    reason: null,
    createdAt: 0,
    finishedAt: null,
    ...change,
  }
}

const jobs = (count: number, change: Partial<JobRow> = {}) =>
  Array.from({ length: count }, (_, index) => job(`${index}`, change))

const sizes = (groups: ReturnType<typeof packJobs>) => groups.map((group) => group.jobs.length)

describe('packJobs', () => {
  const batches = new Map([
    ['mints', createBatch('mints', { cadence, maxRequests: 10 })],
    ['gifts', createBatch('gifts', { cadence, maxRequests: 10 })],
  ])

  it('fills one transaction after another, in order', () => {
    const groups = packJobs(jobs(25), batches)
    expect(sizes(groups)).toEqual([10, 10, 5])
    expect(groups.map(({ full }) => full)).toEqual([true, true, false])
    expect(groups[1]?.jobs[0]?.id).toBe('10')
  })

  it('leaves a job without a batch, or of a template that is gone, alone', () => {
    const mixed = [job('a', { batch: null }), job('b'), job('c', { batch: 'old' }), job('d')]
    const groups = packJobs(mixed, batches)
    expect(groups.map((group) => group.jobs.map(({ id }) => id))).toEqual([
      ['a'],
      ['b', 'd'],
      ['c'],
    ])
    expect(groups.map(({ batch }) => batch)).toEqual([null, 'mints', 'old'])
  })

  it('does not mix templates', () => {
    const mixed = [job('a'), job('b', { batch: 'gifts' }), job('c'), job('d', { batch: 'gifts' })]
    expect(packJobs(mixed, batches).map(({ batch }) => batch)).toEqual(['mints', 'gifts'])
  })

  it('does not mix groups', () => {
    const one = jobs(3, { batchGroup: 'keys 0' })
    const other = jobs(2, { batchGroup: 'keys 1' })
    expect(sizes(packJobs([...one, ...other, ...jobs(4)], batches))).toEqual([3, 2, 4])
  })

  it('keeps halves of a batch that failed among themselves', () => {
    const mixed = [...jobs(5, { batchLimit: 3 }), ...jobs(4), ...jobs(1, { batchLimit: 1 })]
    expect(sizes(packJobs(mixed, batches))).toEqual([3, 2, 4, 1])
  })

  it('puts only those with as many arguments together', () => {
    const mixed = [...jobs(2), ...jobs(1, { arguments: ['1', '2'] }), ...jobs(1)]
    expect(sizes(packJobs(mixed, batches))).toEqual([3, 1])
  })

  it('puts no more into one transaction than its compute allows', () => {
    const costly = createBatch('mints', { cadence, computePerRequest: 3_000, computeBase: 100 })
    expect(sizes(packJobs(jobs(5), new Map([['mints', costly]])))).toEqual([2, 2, 1])
  })
})

describe('combineArguments', () => {
  it('makes one array of each argument', () => {
    const one = job('a', {
      arguments: ['{"type":"UInt8","value":"1"}', '{"type":"Bool","value":true}'],
    })
    const two = job('b', {
      arguments: ['{"type":"UInt8","value":"2"}', '{"type":"Bool","value":false}'],
    })
    expect(combineArguments([one, two]).map((text) => JSON.parse(text))).toEqual([
      {
        type: 'Array',
        value: [
          { type: 'UInt8', value: '1' },
          { type: 'UInt8', value: '2' },
        ],
      },
      {
        type: 'Array',
        value: [
          { type: 'Bool', value: true },
          { type: 'Bool', value: false },
        ],
      },
    ])
    expect(combineArguments([])).toEqual([])
  })
})

describe('createEstimate', () => {
  const estimate = () => createEstimate({ computePerRequest: 100, computeBase: 200 })

  it('declares what is expected and a quarter more, and never above 9,999', () => {
    expect(estimate().limit(10)).toBe(1_500)
    expect(estimate().limit(1_000)).toBe(9_999)
  })

  it('says how many fit', () => {
    const fits = estimate().fits()
    expect(fits).toBe(77)
    expect(estimate().limit(fits)).toBeLessThanOrEqual(9_999)
  })

  it('rises at once to what was measured, and falls slowly', () => {
    const one = estimate()
    one.note(10, 2_200) // 200 for each
    expect(one.limit(10)).toBe(2_750)
    one.note(10, 1_200) // 100 for each
    expect(one.limit(10)).toBe(2_500) // 180 for each
  })

  it('does not believe a node that tells nothing', () => {
    const one = estimate()
    one.note(10, 0)
    expect(one.limit(10)).toBe(1_500)
  })

  it('asks for more after a transaction that ran out, and puts less into one', () => {
    const one = estimate()
    const [limit, fits] = [one.limit(10), one.fits()]
    one.exceeded(10)
    expect(one.limit(10)).toBeGreaterThan(limit)
    expect(one.fits()).toBeLessThan(fits)
    for (let times = 0; times < 50; times++) one.exceeded(10)
    expect(one.fits()).toBe(1)
  })
})

describe('createBatch', () => {
  it.each([
    ['no source', { cadence: ' ' }, 'batches.mints.cadence'],
    ['no request', { cadence, maxRequests: 0 }, 'batches.mints.maxRequests'],
    ['compute above what there is', { cadence, computeBase: 10_000 }, 'batches.mints.computeBase'],
    ['half a unit', { cadence, computePerRequest: 0.5 }, 'batches.mints.computePerRequest'],
    ['an unknown name', { cadence, size: 3 }, 'size'],
  ])('refuses %s', (_, template, option) => {
    expect(() => createBatch('mints', template)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })
})
