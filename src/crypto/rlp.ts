/** RLP from strangers: lists are read one level at a time, and no further than is asked for. @module */

import { malformedTransaction } from './transaction-fields.ts'

/** Bytes, or a list whose content was not looked into yet. Views on what was given, not copies. */
export type RlpItem = { readonly isList: boolean; readonly content: Uint8Array }

/**
 * A library that decodes everything at once makes a million objects of a hostile file before
 * anybody can say that there are too many.
 *
 * @param bytes - Borrowed.
 * @throws {SignerError} `MALFORMED_TRANSACTION` unless it is one item and nothing after it. Whether
 * its lengths are in their shortest form is not looked at: encode again and compare.
 */
export function decodeRlp(bytes: Uint8Array): RlpItem {
  const { item, end } = readItem(bytes, 0)
  if (end !== bytes.length) throw malformedTransaction('something follows it')
  return item
}

/** @returns The items of a list, or `undefined` when there are more than `max`. */
export function rlpItems({ content }: RlpItem, max: number): readonly RlpItem[] | undefined {
  const items: RlpItem[] = []
  for (let at = 0; at < content.length; ) {
    if (items.length === max) return undefined
    const { item, end } = readItem(content, at)
    items.push(item)
    at = end
  }
  return items
}

/** @see Ethereum yellow paper, appendix B. */
function readItem(bytes: Uint8Array, at: number): { item: RlpItem; end: number } {
  const first = bytes[at]
  if (first === undefined) throw notRlp()
  if (first < 0x80) return { item: view(bytes, at, 1, false), end: at + 1 }
  const isList = first >= 0xc0
  const short = first - (isList ? 0xc0 : 0x80)
  const lengthBytes = Math.max(0, short - 55)
  const length = lengthBytes === 0 ? short : uint(bytes, at + 1, lengthBytes)
  const start = at + 1 + lengthBytes
  if (start + length > bytes.length) throw notRlp()
  return { item: view(bytes, start, length, isList), end: start + length }
}

const view = (bytes: Uint8Array, start: number, byteLength: number, isList: boolean): RlpItem => ({
  isList,
  content: bytes.subarray(start, start + byteLength),
})

const uint = (bytes: Uint8Array, start: number, byteLength: number) =>
  bytes.subarray(start, start + byteLength).reduce((value, byte) => value * 256 + byte, 0)

const notRlp = () => malformedTransaction('it is not RLP')
