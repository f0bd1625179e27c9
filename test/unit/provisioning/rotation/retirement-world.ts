/** An old KMS key and a new one, the account that they are on, and what is told of their use. @module */

import { CloudTrailClient, type LookupEventsCommandInput } from '@aws-sdk/client-cloudtrail'
import { createKey } from '../../../../src/provisioning/index.ts'
import {
  type KmsRetirementOptions,
  kmsRetirement,
} from '../../../../src/provisioning/rotation/retirement/kms-retirement.ts'
import { signRecord } from '../../../support/trail-events.ts'
import { type KmsEndpoint, startKmsEndpoint } from '../kms-endpoint.ts'
import { type NodeEndpoint, startNodeEndpoint } from '../node-endpoint.ts'

export const DAY_MS = 86_400_000
export const ACCOUNT = '0xf3fcd2c1a78f5eee'
export const OTHER_ACCOUNT = '0xe03daebed8ca0615'
export const tagOf = (address: string, chainId = 'flow-emulator') =>
  `fcl-kms:account:${chainId}:${address}`
export const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
/** What was revoked so many days ago. */
export const ago = (days: number) => ({ revokedAt: Date.now() - days * DAY_MS })

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'fake-secret' }

export type RetirementWorld = {
  readonly kms: KmsEndpoint
  readonly node: NodeEndpoint
  readonly oldArn: string
  readonly newArn: string
  readonly publicKey: string
  /** Puts the old key on an account. */
  readonly onAccount: (revoked: boolean, address?: string) => void
  /** What GetKeyLastUsage tells; `at` in milliseconds since 1970. */
  readonly used: (facts: { at?: number; since?: number; made?: number }) => void
  readonly retirement: (
    options?: Partial<KmsRetirementOptions>,
  ) => Required<ReturnType<typeof kmsRetirement>>
} & AsyncDisposable

/** The old key is on `ACCOUNT`, revoked, and was not used for 400 days. */
export async function openRetirementWorld(): Promise<RetirementWorld> {
  const [kms, node] = [await startKmsEndpoint(), await startNodeEndpoint()]
  const { client } = kms
  const [old, made] = [await createKey({ client }), await createKey({ client })]
  const onAccount = (revoked: boolean, address = ACCOUNT) => {
    const algorithm = 'ECDSA_secp256k1'
    node.setKeys(address, [
      { publicKey: old.publicKey, revoked, algorithm },
      { publicKey: made.publicKey, algorithm },
    ])
  }
  const used: RetirementWorld['used'] = ({ at, since = Date.now() - 400 * DAY_MS, made = 0 }) => {
    const KeyLastUsage = at === undefined ? {} : { Operation: 'Sign', Timestamp: at / 1_000 }
    const dates = { TrackingStartDate: since / 1_000, KeyCreationDate: made / 1_000 }
    kms.always('GetKeyLastUsage', { body: { KeyId: old.keyArn, KeyLastUsage, ...dates } })
  }
  onAccount(true)
  used({})
  return {
    kms,
    node,
    oldArn: old.keyArn,
    newArn: made.keyArn,
    publicKey: old.publicKey,
    onAccount,
    used,
    retirement: (options = {}) =>
      // With an alias it has all its parts.
      kmsRetirement({
        // Another each time, which remembers no public key.
        client: { endpoint: kms.url, region: 'us-east-1', credentials },
        keyId: old.keyArn,
        alias: 'alias/minter',
        accessNode: node.url,
        addresses: [ACCOUNT],
        ...options,
      }) as Required<ReturnType<typeof kmsRetirement>>,
    async [Symbol.asyncDispose]() {
      await kms[Symbol.asyncDispose]()
      await node[Symbol.asyncDispose]()
    },
  }
}

/** A CloudTrail that knows these records, by operation, on one page each. */
export function trailOf(records: readonly Record<string, unknown>[] | Error) {
  const asked: LookupEventsCommandInput[] = []
  const client = new CloudTrailClient({ region: 'us-east-1' })
  client.send = (async ({ input }: { input: LookupEventsCommandInput }) => {
    asked.push(input)
    if (records instanceof Error) throw records
    const name = input.LookupAttributes?.[0]?.AttributeValue
    const Events = records
      .filter(({ eventName }) => eventName === name)
      .map((record) => ({ EventId: 'e', CloudTrailEvent: JSON.stringify(record) }))
    return { Events }
  }) as unknown as typeof client.send // the one command that is sent
  return { client, asked }
}

/** A record of what was asked of a key so many days ago. */
export const askedFor = (keyArn: string, days: number, changes: Record<string, unknown> = {}) =>
  signRecord({
    keyArn,
    eventTime: new Date(Date.now() - days * DAY_MS).toISOString(),
    ...changes,
  })
