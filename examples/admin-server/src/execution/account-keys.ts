/** The weighted keys of the account as the chain has them, each with its rule. @module */

import type { KmsAuthorizer } from 'fcl-kms'
import { type AccountKeyReport, showAccount } from 'fcl-kms/provisioning'
import { NEEDED_WEIGHT, standingKeys, type WeightedKey } from '../approvals/quorum.ts'
import type { Config } from '../config/config.ts'
import type { HeldSigner } from './signers.ts'

/** A key on chain, and the signer that holds it: absent when no configured key has this public key. */
export type ReportedKey = AccountKeyReport & { readonly held?: HeldSigner }

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
  /**
   * Whether keys of the account that this configuration does not name can sign, and those that it names
   * cannot: a key was rotated, and this process was not told. Others may know more.
   */
  readonly isLeftBehind: () => boolean
  /** While a change is expected nothing is decided on what was read before it was asked for. */
  readonly expectChange: (expected: boolean) => void
}

/** What was read last. */
export type ShownKeys = { readonly readAt: Date; readonly keys: readonly ReportedKey[] }

/** A decision uses what was read within this time, in milliseconds: several in a row share a read. */
const MAX_AGE_MS = 1_000
/** What is shown may be as old before it is read anew. */
const SHOWN_AGE_MS = 5_000
const READ_MS = 10_000

/**
 * Binds keys to rules by public key, never by position.
 *
 * @param authorizer - Of these signers, in their order.
 */
export function createAccountKeys(
  config: Pick<Config, 'account' | 'network'>,
  authorizer: KmsAuthorizer,
  signers: readonly HeldSigner[],
): AccountKeys {
  const { account, network } = config
  const [accessNode = ''] = network.accessNodes
  let held: (ShownKeys & { readonly at: number }) | undefined
  let last: readonly WeightedKey[] = []
  let reading: Promise<readonly ReportedKey[]> | undefined
  let usualAgeMs = MAX_AGE_MS
  let notBefore = Number.NEGATIVE_INFINITY

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
      // Signers stand in their order; an alias that was moved is found before its successor.
      const place = publicKeys.findIndex(
        ({ publicKey, signatureAlgorithm }) =>
          publicKey === key.publicKey && signatureAlgorithm === key.signatureAlgorithm,
      )
      const signer = signers[place]
      return signer === undefined ? key : { ...key, held: signer }
    })
    // Of two that were under way at a time, the one that was asked for later tells.
    if (held === undefined || at >= held.at) {
      held = { at, readAt, keys }
      last = toWeighted(keys)
    }
    return keys
  }

  async function read({ maxAgeMs = usualAgeMs } = {}): Promise<readonly ReportedKey[]> {
    if (maxAgeMs === 0) return readNow() // one that is under way may have been answered before
    const oldest = Math.max(notBefore, performance.now() - maxAgeMs)
    if (held !== undefined && held.at >= oldest) return held.keys
    if (reading === undefined) {
      const mine = readNow().finally(() => {
        if (reading === mine) reading = undefined
      })
      reading = mine
    }
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
    isLeftBehind() {
      const strangers = held?.keys.some(
        (key) => key.held === undefined && key.weight > 0 && !key.revoked,
      )
      const able = standingKeys(last).filter(({ revoked }) => !revoked)
      return strangers === true && able.reduce((sum, { weight }) => sum + weight, 0) < NEEDED_WEIGHT
    },
    expectChange(expected) {
      if (!expected && usualAgeMs === 0) {
        // What was read until now may be from before a change that is over.
        notBefore = performance.now()
        reading = undefined
      }
      usualAgeMs = expected ? 0 : MAX_AGE_MS
    },
  }
}

function toWeighted(keys: readonly ReportedKey[]): readonly WeightedKey[] {
  return keys.flatMap(({ index, weight, revoked, canSign, held }) =>
    held === undefined || weight <= 0
      ? []
      : [
          {
            ...{ keyIndex: index, weight, revoked: revoked || !canSign },
            ...{ rule: held.rule, holder: held.holder, successor: held.successor },
          },
        ],
  )
}
