/** The hold of the memory store. @module */

import { holdEnds, plainText } from '../checks.ts'
import type { HoldRow, RelayStore } from '../store.ts'
import type { MemoryState } from './state.ts'

type HoldMethods = Pick<RelayStore, 'readHold' | 'setHold' | 'clearHold' | 'setPaused' | 'resume'>

/** See `RelayStore` for what each method promises. */
export function createMemoryHold({ account }: MemoryState): HoldMethods {
  const change = (address: string, to: (row: HoldRow) => HoldRow) => {
    account(address).hold = to(account(address).hold)
    return copyOf(account(address).hold)
  }
  return {
    readHold: async (address) => copyOf(account(address).hold),
    setHold: async (address, { code, reason, end }) =>
      change(address, (row) => {
        const stronger = row.hold !== null && rank(row.hold.end) > rank(end)
        if (stronger || row.hold?.end === 'operator') return row
        return { ...row, hold: { code: plainText(code), reason: plainText(reason), end } }
      }),
    clearHold: async (address, code) =>
      change(address, (row) =>
        row.hold?.code === plainText(code) && row.hold.end !== 'operator'
          ? { ...row, hold: null }
          : row,
      ),
    setPaused: async (address, paused) => change(address, (row) => ({ ...row, paused })),
    resume: async (address) => change(address, () => ({ paused: false, hold: null })),
  }
}

const rank = (end: (typeof holdEnds)[number]) => holdEnds.indexOf(end)

const copyOf = ({ paused, hold }: HoldRow): HoldRow => ({
  paused,
  hold: hold === null ? null : { ...hold },
})
