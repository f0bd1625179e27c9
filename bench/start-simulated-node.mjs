/** Starts bench/simulated-node.mjs: a chain with the delays and limits of mainnet, or of none. @module */
import { startProgram } from './program.mjs'

/** An address that is valid on the emulator's chain. */
export const simulatedAddress = '0xf8d6e0586b0a20c7'

/**
 * @param {Partial<{ nodes: number, keys: number, blockMs: number, executionMs: number,
 *   sealMs: number, sendsPerSecond: number }> & { signer: object }} settings `signer`: of the
 *   account's key of weight 1000 and its copies
 * @param {AbortSignal} signal
 * @returns {Promise<{ urls: string[], stop: () => Promise<void> }>}
 */
export async function startSimulatedNode({ signer, ...settings }, signal) {
  const { bytes } = await signer.publicKey()
  const publicKey = Buffer.from(bytes).toString('hex')
  const program = startProgram('simulated-node.mjs', { ...settings, publicKey }, { signal })
  const { urls } = await program.next()
  return { urls, stop: program.stop }
}
