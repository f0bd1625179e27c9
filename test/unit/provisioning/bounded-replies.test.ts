/** No operation of provisioning reads an answer to its end, however long it is. @module */

import { diagnoseKey } from '../../../src/provisioning/diagnosis/key.ts'
import { createKey, describeKey } from '../../../src/provisioning/index.ts'
import { writeTag } from '../../../src/provisioning/keys/account-tags.ts'
import { openKms } from '../../../src/provisioning/keys/kms-session.ts'
import { MAX_REPLY_BYTES } from '../../../src/signers/aws/bounded-reply.ts'
import { holdClock } from '../../support/held-clock.ts'
import { patient } from '../../support/limits.ts'
import { until } from '../../support/until.ts'
import { type KmsEndpoint, type Step, startKmsEndpoint } from './kms-endpoint.ts'

const limits = patient

type Use = (kms: KmsEndpoint, keyId: string) => Promise<unknown>
const describe_: Use = (kms, keyId) => describeKey({ client: kms.client, keyId, limits })
const diagnose: Use = async (kms, keyId) =>
  (await diagnoseKey(await openKms({ client: kms.client, limits }), keyId, '1')).failures[0]
const uses: readonly (readonly [string, Use])[] = [
  ['CreateKey', (kms) => createKey({ client: kms.client, limits })],
  ['CreateAlias', (kms) => createKey({ client: kms.client, limits, alias: 'alias/minter' })],
  ['DescribeKey', describe_],
  ['GetPublicKey', describe_],
  ['ListAliases', describe_],
  ['ListResourceTags', describe_],
  [
    'TagResource',
    async (kms, keyId) => {
      const session = await openKms({ client: kms.client, limits })
      await writeTag(session, keyId, { TagKey: 'team', TagValue: 'drops' })
    },
  ],
  ['Sign', diagnose],
]

/** A good answer with this much more in it; the dry run of `doctor` is answered by an error. */
const longer =
  (bytes: number): Step =>
  (usual) => {
    const answer = usual()
    if (typeof answer === 'string') return answer
    return { ...answer, body: { ...(answer.body as object), more: ' '.repeat(bytes) } }
  }

/** What went wrong in the end. */
const causeOf = (thrown: unknown): unknown =>
  thrown instanceof Error && thrown.cause !== undefined ? causeOf(thrown.cause) : thrown

describe('an answer that is too long', () => {
  it.each(uses)('to %s is not read to its end', async (operation, use) => {
    await using kms = await startKmsEndpoint()
    const keyId = kms.addKey()
    kms.always(operation, longer(2 * MAX_REPLY_BYTES))
    using clock = holdClock()
    const outcome = use(kms, keyId).catch(causeOf)
    await until(() => kms.cut(operation) > 0) // what fails is tried until the time is over
    expect(await clock.passUntil(outcome)).toMatchObject({
      code: 'KMS_UNAVAILABLE',
      context: { reason: expect.stringMatching(/^ReplyTooLarge/) },
    })
  })

  it.each(uses)('to %s is one over the bound, not a long one', async (operation, use) => {
    await using kms = await startKmsEndpoint()
    const keyId = kms.addKey()
    kms.always(operation, longer(MAX_REPLY_BYTES / 2))
    expect(await use(kms, keyId)).not.toBeInstanceOf(Error)
  })
})
