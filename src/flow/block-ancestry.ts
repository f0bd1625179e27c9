/** Whether a block stands on those that were seen before. @module */

import type { BlockHeader } from './block-headers.ts'
import type { BlockMemory } from './block-memory.ts'

/** Of one height; `undefined` when the node does not have it. */
export type ReadHeader = (height: number) => Promise<BlockHeader | undefined>

/** @returns `undefined` when it cannot be told from what this node has. */
export async function standsOn(
  memory: BlockMemory,
  told: BlockHeader,
  readHeader: ReadHeader,
): Promise<boolean | undefined> {
  const highest = memory.highest()
  if (highest === undefined) return true
  const known = memory.idAt(told.height)
  if (known !== undefined) return known === told.id
  // Lower, newer and not remembered: the chain has begun anew.
  if (told.height < highest) return false
  if (told.height === highest + 1) return told.parentId === memory.idAt(highest)
  const height = memory.highestUpTo(told.height)
  const header = height === undefined ? undefined : await readHeader(height)
  return header && header.id === memory.idAt(header.height)
}

/**
 * The highest block of the memory that still stands, up to `top`. By bisection, one block at a time:
 * a rolled back emulator has holes, and lists no range over one.
 */
export async function commonHeight(
  memory: BlockMemory,
  top: number,
  readHeader: ReadHeader,
): Promise<number | undefined> {
  const heights = memory.heights().filter((height) => height <= top)
  let standing = 0 // that many of them do
  for (let end = heights.length; standing < end; ) {
    const middle = Math.floor((standing + end) / 2)
    const height = heights[middle] ?? 0
    const header = await readHeader(height)
    if (header?.id === memory.idAt(height)) standing = middle + 1
    else end = middle
  }
  return heights[standing - 1]
}

/** A lower block that is older too: of one among many nodes behind a balancer. */
export function isLagging(memory: BlockMemory, told: BlockHeader, known: BlockHeader): boolean {
  if (told.height > known.height || told.id === known.id) return false
  const remembered = memory.idAt(told.height)
  if (remembered !== undefined) return remembered === told.id
  return told.timestamp <= known.timestamp
}
