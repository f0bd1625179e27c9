/** The weighted keys of the account as the chain has them, each with its rule. @module */

import type { KmsAuthorizer } from 'fcl-kms'
import { type AccountKeyReport, showAccount } from 'fcl-kms/provisioning'
import type { WeightedKey } from '../approvals/quorum.ts'
import type { Config } from '../config/config.ts'

/** A key on chain, and what the configuration says of it. */
export type ReportedKey = AccountKeyReport & {
  /** As the configuration names it; absent when no key of it has this public key. */
  readonly key?: string
  readonly rule?: WeightedKey['rule']
}

/** Reads the keys of the account. */
export type AccountKeys = {
  /** At most `maxAgeMs` old. Rejects with the codes of access nodes and accounts. */
  readonly read: (options?: { readonly maxAgeMs?: number }) => Promise<readonly ReportedKey[]>
  /** Those that carry weight and have a rule. */
  readonly weighted: (options?: { readonly maxAgeMs?: number }) => Promise<readonly WeightedKey[]>
  /**
   * Those last read, without waiting; empty before the first time. Old ones are read anew meanwhile, so
   * that whoever asks next has them.
   */
  readonly last: () => readonly WeightedKey[]
  /** The same with what is shown of them, and when they were read; undefined before the first time. */
  readonly shown: () => ShownKeys | undefined
}

/** What was read last. */
export type ShownKeys = { readonly readAt: Date; readonly keys: readonly ReportedKey[] }

/** A decision uses what was read within this time, in milliseconds: several in a row share a read. */
const MAX_AGE_MS = 1_000
/** What is shown may be as old before it is read anew. */
const SHOWN_AGE_MS = 5_000
const READ_MS = 10_000

/** Binds keys to rules by public key, never by position. */
export function createAccountKeys(
  config: Pick<Config, 'account' | 'network'>,
  authorizer: KmsAuthorizer,
): AccountKeys {
  const { account, network } = config
  const [accessNode = ''] = network.accessNodes
  let held: (ShownKeys & { readonly at: number }) | undefined
  let last: readonly WeightedKey[] = []
  let reading: Promise<readonly ReportedKey[]> | undefined

  async function readNow(): Promise<readonly ReportedKey[]> {
    const signal = AbortSignal.timeout(READ_MS)
    const at = performance.now()
    const readAt = new Date()
    const [report, publicKeys] = await Promise.all([
      showAccount({
        accessNode,
        address: account.address,
        authorizer,
        chainId: network.chainId,
        signal,
      }),
      authorizer.publicKeys({ signal }),
    ])
    const keys = report.keys.map((key) => {
      // Signers stand in the order of the configured keys.
      const place = publicKeys.findIndex(
        ({ publicKey, signatureAlgorithm }) =>
          publicKey === key.publicKey && signatureAlgorithm === key.signatureAlgorithm,
      )
      const configured = account.keys[place]
      return configured === undefined
        ? key
        : { ...key, key: configured.key, rule: configured.signs }
    })
    held = { at, readAt, keys }
    last = toWeighted(keys)
    return keys
  }

  async function read({ maxAgeMs = MAX_AGE_MS } = {}): Promise<readonly ReportedKey[]> {
    if (held !== undefined && performance.now() - held.at <= maxAgeMs) return held.keys
    reading ??= readNow().finally(() => {
      reading = undefined
    })
    return reading
  }

  /** Whoever decides is told of failures; who only looks has what there was. */
  function refresh(): void {
    read({ maxAgeMs: SHOWN_AGE_MS }).catch(() => undefined)
  }

  return {
    read,
    weighted: async (options) => toWeighted(await read(options)),
    last() {
      refresh()
      return last
    },
    shown() {
      refresh()
      return held
    },
  }
}

function toWeighted(keys: readonly ReportedKey[]): readonly WeightedKey[] {
  return keys.flatMap(({ index, weight, revoked, canSign, rule }) =>
    rule === undefined || weight <= 0
      ? []
      : [{ keyIndex: index, weight, revoked: revoked || !canSign, rule }],
  )
}
