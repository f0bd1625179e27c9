/** Runs a Cadence script of ours on a node. @module */

import { boundedText } from '../bounded-text.ts'

const READ_MS = 5_000
const MAX_REPLY_BYTES = 1_000_000

/**
 * @param args - JSON-Cadence, one value for each argument.
 * @returns Its result in JSON-Cadence. Rejects when the node does not run it.
 */
export async function runScript(
  url: string,
  script: string,
  args: readonly unknown[],
): Promise<unknown> {
  const body = JSON.stringify({
    script: base64(script),
    arguments: args.map((one) => base64(JSON.stringify(one))),
  })
  const reply = await fetch(`${url}/v1/scripts?block_height=sealed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(READ_MS),
  })
  const text = await boundedText(reply, MAX_REPLY_BYTES)
  if (!reply.ok || text === undefined) throw new Error('the script was not run')
  return JSON.parse(Buffer.from(JSON.parse(text), 'base64').toString())
}

/** @returns What an object has under this name by itself. */
export function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

/** @returns A list as it is; none for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const base64 = (text: string) => Buffer.from(text).toString('base64')
