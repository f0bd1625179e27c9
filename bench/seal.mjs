/** What became of a transaction, asked of the emulator itself and not of the counting proxy. @module */
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @param {string} url
 * @param {string} id
 * @throws {Error} when the transaction failed, or is not sealed within 20 seconds
 */
export async function waitForSeal(url, id) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
    const reply = await fetch(`${url}/v1/transaction_results/${id}`)
    const { status, error_message: message } = await reply.json()
    if (status !== 'Sealed') continue
    if (message) throw new Error(`transaction ${id} failed: ${message.slice(0, 300)}`)
    return
  }
  throw new Error(`transaction ${id} was not sealed in time`)
}
