/** What is kept outside of the database, and how its text reads. @module */

import type { AuditHead } from './audit.ts'
import { isObject } from './body.ts'
import { canonicalJson, isChainHash } from './canonical.ts'

/** Where anchors are kept: it only grows. */
export type AnchorPlace = {
  readonly kind: 'file' | 's3'
  /** Makes what can be made for it. @throws {AdminError} `ANCHOR_FAILED`. */
  readonly prepare: () => Promise<void>
  /**
   * The anchors of later records than `after`, in no order that matters.
   *
   * @throws {AdminError} `ANCHOR_FAILED` when it cannot be read; `AUDIT_BROKEN` for what is no anchor.
   */
  readonly read: (options: {
    readonly after: number
    readonly signal: AbortSignal
  }) => Promise<readonly AuditHead[]>
  /** Durable when it resolves. @throws {AdminError} `ANCHOR_FAILED` when it cannot be written. */
  readonly write: (head: AuditHead, signal: AbortSignal) => Promise<void>
}

/** One line, without its line feed; `at` is milliseconds since 1970 by this machine's clock. */
export const anchorText = ({ sequence, hash }: AuditHead): string =>
  canonicalJson({ at: Date.now(), hash, sequence })

/** @returns `undefined` for what `anchorText` does not write. */
export function readAnchorText(text: string): AuditHead | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { sequence, hash } = value
  const isNumber = typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence > 0
  return isNumber && isChainHash(hash) ? { sequence, hash } : undefined
}
