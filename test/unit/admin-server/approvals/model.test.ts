/** Any order of requests, approvals, changes of keys and decisions: the database keeps what the model says. */
import fc from 'fast-check'
import { firstKeys, limits, steps } from '../../../support/admin-server/approval-model.ts'
import { forget, runSteps, type Tally } from '../../../support/admin-server/approval-run.ts'
import {
  type Approvals,
  configWith,
  openApprovals,
} from '../../../support/admin-server/approval-world.ts'
import { seed } from '../../crypto/seed.ts'

/**
 * A number and no time, so that a busy machine does not run fewer; `FCL_KMS_APPROVAL_SEQUENCES` asks
 * for another.
 */
const asked = process.env['FCL_KMS_APPROVAL_SEQUENCES']
const numRuns = Number(asked ?? 80)

let world: Approvals

beforeAll(async () => {
  world = await openApprovals({ keys: firstKeys, config: configWith({ mint: limits }) })
})

afterAll(() => world?.[Symbol.asyncDispose]())

it(
  `signs nothing below 1,000, by the requester, after its end or beyond limits (FCL_KMS_SEED=${seed})`,
  async () => {
    const tally: Tally = { allowed: 0, refused: 0, postponed: 0, sequences: 0 }
    const property = fc.asyncProperty(steps, async (given) => {
      await forget(world)
      await runSteps(world, given, tally)
    })
    await fc.assert(property, { seed, numRuns })
    expect(world.troubles).toEqual([])
    expect(await world.audit.verify()).toMatchObject({ intact: true })
    // A model in which nothing happens would prove nothing.
    if (asked !== undefined) process.stdout.write(`${JSON.stringify(tally)}\n`)
    expect(tally.allowed).toBeGreaterThan(tally.sequences / 4)
    expect(tally.postponed).toBeGreaterThan(0)
  },
  asked === undefined ? 600_000 : 3_600_000,
)
