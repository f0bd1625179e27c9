/** Which NFT each request became, by the contract's own word. @module */

import type { Config } from '../config/config.ts'
import { readCadence } from '../functions/cadence-source.ts'

/** @returns NFT ids by job id; without those that the contract or the node does not tell. */
export type MintedIds = (jobIds: readonly string[]) => Promise<ReadonlyMap<string, string>>

/** Ids that are asked for at once. */
const MAX_IDS = 200
const READ_MS = 5_000
const MAX_REPLY_BYTES = 1_000_000

/** The script is also what the relay asks in doubtful cases; see its option `requestScript`. */
export const requestScriptOf = ({ contracts }: Config['network']): string =>
  readCadence('scripts/get-request.cdc', contracts)

/** For show only: what cannot be read is left out, and nothing depends on it. */
export function createMintedIds(network: Config['network']): MintedIds {
  const [accessNode = ''] = network.accessNodes
  const script = base64(requestScriptOf(network))
  return async (jobIds) => {
    const found = new Map<string, string>()
    for (let start = 0; start < jobIds.length; start += MAX_IDS) {
      const ids = jobIds.slice(start, start + MAX_IDS)
      const values = await run(accessNode, script, ids).catch(() => [])
      for (const [index, id] of ids.entries()) {
        const nftId = idOf(values[index])
        if (nftId !== undefined) found.set(id, nftId)
      }
    }
    return found
  }
}

async function run(url: string, script: string, ids: readonly string[]) {
  const value = ids.map((id) => ({ type: 'String', value: id }))
  const body = JSON.stringify({
    script,
    arguments: [base64(JSON.stringify({ type: 'Array', value }))],
  })
  const reply = await fetch(`${url}/v1/scripts?block_height=sealed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(READ_MS),
  })
  const text = await reply.text()
  if (!reply.ok || text.length > MAX_REPLY_BYTES) return []
  const answer: unknown = JSON.parse(Buffer.from(JSON.parse(text), 'base64').toString())
  return listOf(property(answer, 'value'))
}

/** An optional of JSON-Cadence that holds a number. */
function idOf(optional: unknown): string | undefined {
  const id = property(property(optional, 'value'), 'value')
  return typeof id === 'string' && /^\d{1,20}$/.test(id) ? id : undefined
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const base64 = (text: string) => Buffer.from(text).toString('base64')
