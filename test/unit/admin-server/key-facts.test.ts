/** What is shown of the configured keys. @module */

import type { Config } from '../../../examples/admin-server/src/config/config.ts'
import { describeConfiguredKeys } from '../../../examples/admin-server/src/execution/key-facts.ts'
import { clientQueue } from '../../../src/signers/aws/client-queue.ts'
import { createFakeKms, kmsError } from '../../support/fake-kms.ts'
import { until } from '../../support/until.ts'

function configured() {
  const kms = createFakeKms()
  const key = kms.addKey({ algorithm: 'ECDSA_P256' })
  const keys = [{ key: key.arn, rule: 'automatic' }]
  const config = { account: { keys } } as unknown as Config // only the keys are read
  return { kms, key, config }
}

describe('the facts of a configured key', () => {
  it('are its ARN, state, creation and age', async () => {
    const { kms, key, config } = configured()
    expect(await describeConfiguredKeys(config, kms.client)(key.arn)).toEqual({
      keyId: key.arn,
      keyState: 'Enabled',
      createdAt: '2026-01-02T03:04:05.000Z',
      ageDays: expect.any(Number),
    })
  })

  it('are null where KMS does not tell', async () => {
    const { kms, key, config } = configured()
    kms.always('DescribeKey', kmsError('AccessDeniedException'))
    expect(await describeConfiguredKeys(config, kms.client)(key.arn)).toEqual({
      keyId: null,
      keyState: null,
      createdAt: null,
      ageDays: null,
    })
  })

  it('are asked for in the line of the client, behind its signatures', async () => {
    const { kms, key, config } = configured()
    const queue = await clientQueue(kms.client)
    const { signal } = new AbortController()
    const turns = Array.from({ length: queue.limit() }, () => queue.join().turn(signal))
    const [giveBack] = await Promise.all(turns)
    const facts = describeConfiguredKeys(config, kms.client)(key.arn)
    await until(() => queue.waiting() === 1)
    expect(kms.count('DescribeKey')).toBe(0)
    giveBack?.()
    expect(await facts).toMatchObject({ keyState: 'Enabled' })
  })
})
