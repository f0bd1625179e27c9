/** Memory of one process over thousands of transactions, and what `close()` leaves. @module */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importFromRoot } from './own-package.mjs'
import { resultOfProgram } from './program.mjs'
import { simulatedAddress, startSimulatedNode } from './start-simulated-node.mjs'

const { createSoftwareSigner } = await importFromRoot('fcl-kms/testing')

/** A chain without the delays of one, so that thousands of transactions take seconds. */
const fastChain = { nodes: 1, keys: 500, blockMs: 50, executionMs: 75, sealMs: 100 }
const SENDS_PER_SECOND = 100_000

/**
 * @param {{ count: number, warmUp: number, step: number }} amounts
 * @param {import('./scope.mjs').Scope} scope
 * @returns `readings` of the resident memory from the warm-up on, and what is left after closing
 */
export async function measureMemory(amounts, scope) {
  const { privateKey: pair } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const privateKey = Buffer.from(pair.export({ format: 'jwk' }).d, 'base64url').toString('hex')
  const key = new Uint8Array(Buffer.from(privateKey, 'hex'))
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: key })
  const settings = { ...fastChain, sendsPerSecond: SENDS_PER_SECOND, signer }
  const node = await startSimulatedNode(settings, scope.signal)
  try {
    const where = { url: node.urls[0], address: simulatedAddress, privateKey }
    return await measureMemoryAt({ ...where, ...amounts }, scope)
  } finally {
    await node.stop()
  }
}

/** The same on any chain. */
export async function measureMemoryAt({ count, warmUp, ...settings }, { signal, onStop }) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-memory-'))
  onStop(() => rmSync(folder, { recursive: true, force: true }))
  const all = { count, warmUp, folder, ...settings }
  const options = { signal, execArgv: ['--expose-gc'] }
  return { count, warmUp, ...(await resultOfProgram('memory-program.mjs', all, options)) }
}
