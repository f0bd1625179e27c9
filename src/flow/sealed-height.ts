/** How far the chain is known to be sealed. @module */

import type { Ask, ChainHead } from './block-head.ts'
import { readLatestHeader } from './block-headers.ts'

/** The highest block known to be sealed. */
export type SealedHeight = {
  /** 0 until one is known. */
  readonly current: () => number
  /** Milliseconds since it was asked for. */
  readonly ageMs: () => number
  readonly refresh: () => Promise<void>
  /** A block was told as sealed. */
  readonly note: (height: number) => void
  readonly forget: () => void
}

/** @param onSealed - Told when it rises. */
export function createSealedHeight(options: {
  readonly ask: Ask
  readonly head: ChainHead
  readonly onSealed: () => void
}): SealedHeight {
  const { ask, head, onSealed } = options
  let height = 0
  let askedAt = performance.now()

  const note = (told: number) => {
    if (told <= height) return
    height = told
    onSealed()
  }
  return Object.freeze({
    current: () => height,
    ageMs: () => performance.now() - askedAt,
    async refresh() {
      const epoch = head.epoch()
      const sealed = await ask((node, one) => readLatestHeader(node, 'sealed', one))
      if (epoch !== head.epoch()) return // the chain went back meanwhile
      askedAt = performance.now()
      note(sealed.height)
    },
    note,
    forget() {
      height = 0
      askedAt = performance.now()
    },
  } satisfies SealedHeight)
}
