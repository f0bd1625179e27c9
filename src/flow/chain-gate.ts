/** Nodes of one chain: one that did not say its chain is asked before anything else. @module */

import { isSignerError, SignerError } from '../errors.ts'
import { readChainId } from './access-node.ts'
import type { NodeConnection } from './node-connection.ts'

/** Nodes of which none is asked anything before it has said that it serves this chain. */
export type OneChain = {
  readonly chainId: string
  readonly nodes: readonly NodeConnection[]
  /** Of these nodes, those that have not said it yet. */
  readonly away: readonly NodeConnection[]
}

/**
 * Asks all at once; the first that answers says which chain it is.
 *
 * @param onMismatch - Told once of each node that says another chain later; it is never used.
 * @throws {SignerError} `CHAIN_MISMATCH` when two differ, and an `ACCESS_NODE_…` code when none answers.
 */
export async function connectOneChain(
  nodes: readonly NodeConnection[],
  signal: AbortSignal,
  onMismatch: (mismatch: SignerError<'CHAIN_MISMATCH'>) => void,
): Promise<OneChain> {
  let expected: string | undefined
  let failure: unknown
  const answers = await Promise.all(
    nodes.map(async (node) => {
      try {
        const actual = await readChainId(node, { signal })
        expected ??= actual
        if (actual !== expected) throw new SignerError('CHAIN_MISMATCH', { expected, actual })
        return node
      } catch (thrown) {
        if (!isOfNode(thrown)) throw thrown
        failure ??= thrown
        return undefined
      }
    }),
  )
  const chainId = expected
  if (chainId === undefined) throw failure
  const gated = nodes.map((node, index) => answers[index] ?? gate(node, chainId, onMismatch))
  return { chainId, nodes: gated, away: gated.filter(({ admit }) => admit !== undefined) }
}

const isOfNode = (thrown: unknown) =>
  isSignerError(thrown) && thrown.code.startsWith('ACCESS_NODE_')

/** Asks it for its chain until it has told it. */
function gate(
  node: NodeConnection,
  expected: string,
  onMismatch: (mismatch: SignerError<'CHAIN_MISMATCH'>) => void,
): NodeConnection {
  let actual: string | undefined
  return Object.freeze({
    ...node,
    async admit(signal: AbortSignal | undefined) {
      if (actual === undefined) {
        const told = await readChainId({ ...node, timeoutMs: ONCE_MS }, { signal })
        if (actual === undefined && told !== expected)
          onMismatch(new SignerError('CHAIN_MISMATCH', { expected, actual: told }))
        actual = told
      }
      if (actual === expected) return
      const reason = `it serves ${actual}, not ${expected}`
      throw new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode: node.url, reason })
    },
  })
}

/** How long it may take to say its chain, in milliseconds. */
const ONCE_MS = 1_000
