import { createHolder } from '../../../src/proposal-keys/holder.ts'
import { startUpkeep } from '../../../src/relay/upkeep.ts'
import { address } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

it('counts what a beat has kept from when it was asked, however late the answer', async () => {
  const renewed: number[] = []
  let askedAt = 0
  let answer: () => void = () => undefined
  const upkeep = startUpkeep(
    {
      address,
      tell: () => undefined,
      signal: new AbortController().signal,
      settings: { leaseMs: 60_000, retentionMs: Number.POSITIVE_INFINITY },
      store: {
        prune: async () => 0,
        extend: () => {
          askedAt = performance.now()
          return new Promise<void>((resolve) => {
            answer = resolve
          })
        },
      },
      pool: { holder: createHolder(), renew: (_, at) => renewed.push(at) },
    },
    async () => undefined,
  )
  await until(() => askedAt > 0 && performance.now() > askedAt)
  answer()
  await until(() => renewed.length === 1)
  upkeep.stop()
  expect(renewed[0]).toBeLessThanOrEqual(askedAt)
})
