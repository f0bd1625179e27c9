/** What KMS says of the configured keys, for show. @module */

import { DescribeKeyCommand, type KMSClient } from '@aws-sdk/client-kms'
import type { Config } from '../config/config.ts'

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
 * Asks for each key at once, and then again behind whoever looks: only the first answer is waited for.
 *
 * @returns A function that never rejects: nothing depends on what it tells.
 */
export function describeConfiguredKeys(
  { account }: Pick<Config, 'account'>,
  kms: KMSClient,
): (key: string | undefined) => Promise<KeyFacts> {
  async function read(key: string): Promise<KeyFacts> {
    const { KeyMetadata: found } = await kms.send(new DescribeKeyCommand({ KeyId: key }), {
      abortSignal: AbortSignal.timeout(READ_MS),
    })
    const createdAt = found?.CreationDate
    return {
      keyId: found?.Arn ?? null,
      keyState: found?.KeyState ?? null,
      createdAt: createdAt?.toISOString() ?? null,
      ageDays: createdAt === undefined ? null : daysSince(createdAt),
    }
  }

  const ask = (key: string) => read(key).catch(() => unknown)
  const known = new Map(
    account.keys.map(({ key }) => [key, { at: performance.now(), facts: ask(key) }]),
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

const daysSince = (date: Date) => Math.max(0, Math.floor((Date.now() - date.getTime()) / DAY_MS))
