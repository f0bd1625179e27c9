/** Which NFT each request became, by the contract's own word. @module */

import type { Config } from '../config/config.ts'
import { readCadence } from '../functions/cadence-source.ts'
import { listOf, property, runScript } from './run-script.ts'

/** @returns NFT ids by job id; without those that the contract or the node does not tell. */
export type MintedIds = (jobIds: readonly string[]) => Promise<ReadonlyMap<string, string>>

/** Ids that are asked for at once. */
const MAX_IDS = 200

/** The script is also what the relay asks in doubtful cases; see its option `requestScript`. */
export const requestScriptOf = ({ contracts }: Config['network']): string =>
  readCadence('scripts/get-request.cdc', contracts)

/** For show only: what cannot be read is left out, and nothing depends on it. */
export function createMintedIds(network: Config['network']): MintedIds {
  const [accessNode = ''] = network.accessNodes
  const script = requestScriptOf(network)
  return async (jobIds) => {
    const found = new Map<string, string>()
    for (let start = 0; start < jobIds.length; start += MAX_IDS) {
      const ids = jobIds.slice(start, start + MAX_IDS)
      const value = ids.map((id) => ({ type: 'String', value: id }))
      const answer = await runScript(accessNode, script, [{ type: 'Array', value }]).catch(() => [])
      const values = listOf(property(answer, 'value'))
      for (const [index, id] of ids.entries()) {
        const nftId = idOf(values[index])
        if (nftId !== undefined) found.set(id, nftId)
      }
    }
    return found
  }
}

/** An optional of JSON-Cadence that holds a number. */
function idOf(optional: unknown): string | undefined {
  const id = property(property(optional, 'value'), 'value')
  return typeof id === 'string' && /^\d{1,20}$/.test(id) ? id : undefined
}
