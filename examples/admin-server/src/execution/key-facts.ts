/** What KMS says of the configured keys, for show. @module */

import type { KMSClient } from '@aws-sdk/client-kms'
import { describeAwsKmsKey } from 'fcl-kms/signers/aws-kms'
import type { Config } from '../config/config.ts'
import { keysOf } from './signers.ts'

/** Null where KMS does not tell, for example without the right `kms:DescribeKey`. */
export type KeyFacts = {
  readonly keyId: string | null
  readonly keyState: string | null
  readonly createdAt: string | null
  readonly ageDays: number | null
}

const unknown: KeyFacts = { keyId: null, keyState: null, createdAt: null, ageDays: null }
/** A dashboard that is open asks often; the state of a key seldom changes. */
const KEEP_MS = 15_000
const READ_MS = 5_000
const DAY_MS = 86_400_000

/**
 * Asks, in the line of the client and in bounded time, for each key at once, and then again behind whoever looks: only the first answer is waited for.
 *
 * @returns A function that never rejects: nothing depends on what it tells.
 */
export function describeConfiguredKeys(
  { account }: Pick<Config, 'account'>,
  kms: KMSClient,
): (key: string | undefined) => Promise<KeyFacts> {
  async function read(key: string): Promise<KeyFacts> {
    const signal = AbortSignal.timeout(READ_MS)
    const { keyArn, state, createdAt } = await describeAwsKmsKey({
      client: kms,
      keyId: key,
      signal,
    })
    return {
      keyId: keyArn === '' ? null : keyArn,
      keyState: state === 'unknown' ? null : state,
      createdAt: createdAt ?? null,
      ageDays: createdAt === undefined ? null : daysSince(createdAt),
    }
  }

  const ask = (key: string) => read(key).catch(() => unknown)
  const known = new Map(
    keysOf(account).map(({ key }) => [key, { at: performance.now(), facts: ask(key) }]),
  )

  return async (key) => {
    const before = key === undefined ? undefined : known.get(key)
    if (key === undefined || before === undefined) return unknown
    if (performance.now() - before.at >= KEEP_MS) {
      before.at = performance.now()
      const facts = ask(key)
      void facts.then(() => {
        before.facts = facts
      })
    }
    return before.facts
  }
}

const daysSince = (time: string) =>
  Math.max(0, Math.floor((Date.now() - Date.parse(time)) / DAY_MS))
