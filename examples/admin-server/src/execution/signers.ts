/** Who signs for the account: of each holder its key, and the one that takes its place. @module */

import type { KMSClient } from '@aws-sdk/client-kms'
import { isSignerError, type Signer } from 'fcl-kms'
import { createAwsKmsSigner } from 'fcl-kms/signers/aws-kms'
import type { Config, KeyHolder, KeyRule } from '../config/config.ts'

/** One key in KMS, and for whom it signs. */
export type HeldSigner = {
  /** As the configuration names it. */
  readonly key: string
  readonly signer: Signer
  readonly rule: KeyRule
  /** The place of its entry in the configuration. */
  readonly holder: number
  readonly successor: boolean
}

/** A key that is named and cannot be opened, while the other one of its holder can. */
export type MissingKey = Pick<HeldSigner, 'key' | 'holder' | 'successor'> & {
  readonly code: string
}

/** What KMS says of a key that is not made yet, disabled, or on its way to be deleted. */
const absent = ['KEY_NOT_FOUND', 'KEY_DISABLED', 'KEY_STATE_INVALID'] as const

/** Every key that the configuration names, with whose it is. */
export const keysOf = ({
  keys,
}: Config['account']): readonly Omit<HeldSigner, 'signer' | 'rule'>[] =>
  keys.flatMap(({ key, successor }, holder) => [
    { key, holder, successor: false },
    ...(successor === undefined ? [] : [{ key: successor, holder, successor: true }]),
  ])

/**
 * Asks KMS for the keys of holders that have two: during a rotation one of them may not be there yet,
 * and after it the other is disabled and deleted. A process that starts then works with the one that
 * is left. Those that stand alone are asked for when they are first used.
 *
 * @throws The codes of KMS, but for those of keys that are not there.
 */
export async function openSigners(
  account: Config['account'],
  kms: KMSClient,
): Promise<{ readonly signers: readonly HeldSigner[]; readonly missing: readonly MissingKey[] }> {
  const opened = await Promise.all(account.keys.map((entry, holder) => open(entry, holder, kms)))
  return {
    signers: opened.flatMap(({ signers }) => signers),
    missing: opened.flatMap(({ missing }) => missing),
  }
}

async function open({ key, successor, signs: rule }: KeyHolder, holder: number, kms: KMSClient) {
  const signerOf = (keyId: string, isSuccessor: boolean): HeldSigner => ({
    key: keyId,
    signer: createAwsKmsSigner({ client: kms, keyId }),
    ...{ rule, holder, successor: isSuccessor },
  })
  const first = signerOf(key, false)
  if (successor === undefined) return { signers: [first], missing: [] }
  const both = [first, signerOf(successor, true)]
  const codes = await Promise.all(both.map(codeOfAbsent))
  const there = both.filter((_, index) => codes[index] === undefined)
  // With none of them the first use tells what KMS says.
  if (there.length === 0) return { signers: both, missing: [] }
  const missing = both.flatMap(({ signer: _, rule: __, ...named }, index) => {
    const code = codes[index]
    return code === undefined ? [] : [{ ...named, code }]
  })
  return { signers: there, missing }
}

/** @returns Why it is not there, or undefined when it is. */
async function codeOfAbsent({ signer }: HeldSigner): Promise<string | undefined> {
  try {
    await signer.publicKey()
    return undefined
  } catch (thrown) {
    const code = absent.find((one) => isSignerError(thrown, one))
    if (code === undefined) throw thrown
    return code
  }
}
