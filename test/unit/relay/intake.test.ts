import { SignerError } from '../../../src/errors.ts'
import { createIntake } from '../../../src/relay/intake.ts'
import { createBoundedStore } from '../../../src/stores/bounded-store.ts'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import type { JobIntent } from '../../../src/stores/store.ts'
import { address, interposed } from '../../support/simulated-relay.ts'

const intentOf = (id: string): JobIntent => ({
  id,
  intentHash: '0'.repeat(64),
  cadence: 'transaction {}',
  arguments: [],
  computeLimit: 100,
  batch: null,
  batchGroup: null,
})

/** An intake, and the ids of each step that its store was asked for. */
function openIntake(addJobs: (step: () => Promise<unknown>, nth: number) => Promise<unknown>) {
  const steps: (readonly string[])[] = []
  const memory = createMemoryStore()
  const counted: RelayStore = {
    ...memory,
    addJobs(asked, jobs, maxOpen) {
      steps.push(jobs.map(({ id }) => id))
      return memory.addJobs(asked, jobs, maxOpen)
    },
  }
  let nth = 0
  const store = createBoundedStore(
    interposed(counted, (_, step) => addJobs(step, ++nth)),
    { timeoutMs: 50 },
  )
  return { takeIn: createIntake({ address, store, maxOpenJobs: 10_000 }), steps, memory }
}

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `job-${index}`)
const codesOf = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((one) => (one.status === 'rejected' ? one.reason.code : 'taken'))

describe('createIntake', () => {
  it('takes in all who come together in few steps, each once', async () => {
    const { takeIn, steps } = openIntake((step) => step())
    const taken = await Promise.all(idsOf(1_200).map((id) => takeIn(intentOf(id))))
    expect(taken.map((one) => one?.job.id)).toEqual(idsOf(1_200))
    expect(steps.map(({ length }) => length)).toEqual([500, 500, 200])
  })

  it('tells all who wait when a step is not answered, and asks no more for those who were not in it', async () => {
    const { takeIn, steps, memory } = openIntake((step, nth) =>
      nth === 1 ? new Promise(() => undefined) : step(),
    )
    const waiting = await Promise.allSettled(idsOf(1_200).map((id) => takeIn(intentOf(id))))
    expect(new Set(codesOf(waiting))).toEqual(new Set(['STORE_UNAVAILABLE']))
    expect((await takeIn(intentOf('later')))?.created).toBe(true)
    expect(steps).toEqual([['later']])
    expect(await memory.countJobs(address)).toMatchObject({ queued: 1 })
  })

  it('fails no other step when the store refuses one', async () => {
    const { takeIn } = openIntake(async (step, nth) => {
      if (nth === 2) throw new SignerError('STORE_UNAVAILABLE', { operation: 'addJobs' })
      return step()
    })
    const results = await Promise.allSettled(idsOf(1_200).map((id) => takeIn(intentOf(id))))
    const expected = idsOf(1_200).map((_, index) =>
      index >= 500 && index < 1_000 ? 'STORE_UNAVAILABLE' : 'taken',
    )
    expect(codesOf(results)).toEqual(expected)
  })
})
