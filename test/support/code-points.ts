/** Texts of any code points, for properties. @module */
import fc from 'fast-check'

const SURROGATES = { from: 0xd800, count: 0x800 } as const

/**
 * The unit of `fc.string` that is any code point but a surrogate: `binary`, by arithmetic. That of
 * fast-check makes a map of all 1,112,064, which takes a second of a processor in each test file.
 */
export const codePoint: fc.Arbitrary<string> = fc.nat(0x10_ffff - SURROGATES.count).map(
  (place) => String.fromCodePoint(place < SURROGATES.from ? place : place + SURROGATES.count),
  (text) => {
    const point = typeof text === 'string' ? text.codePointAt(0) : undefined
    if (point === undefined || text !== String.fromCodePoint(point)) throw new Error('not one')
    return point < SURROGATES.from ? point : point - SURROGATES.count
  },
)
