/**
 * What the network alone takes: transactions that were signed beforehand, posted by `fetch` and
 * followed by block. Each proposal key has one in flight, as the rules of the network want it. @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { importFromRoot } from './own-package.mjs'
import { emptyTransaction, restBody } from './rest-transaction.mjs'
import { watchSeals } from './seal-watch.mjs'

const { transactionId } = await importFromRoot('fcl-kms/crypto')

/** Signatures and requests under way at once. */
const CONCURRENCY = 50
/** How soon the bytes go again that the emulator did not take while it executed a block. */
const AGAIN_MS = 20

/**
 * @param {string} url
 * @param {{ address: string, authorizer: object, copies: number }} account
 * @param {number} count
 * @returns one list for each proposal key, in the order of sequence numbers
 */
export async function signBeforehand(url, { address, authorizer }, count) {
  const get = async (path) => (await fetch(`${url}/v1/${path}`)).json()
  const { keys } = await get(`accounts/${address.slice(2)}?expand=keys&block_height=final`)
  const copies = keys.filter(({ weight, revoked }) => weight === '0' && !revoked)
  const [{ header }] = await get('blocks?height=final')
  const referenceBlockId = new Uint8Array(Buffer.from(header.id, 'hex'))
  const chains = copies.slice(0, count).map(() => [])
  const indexes = Array.from({ length: count }, (_, index) => index)
  await inParallel(indexes, CONCURRENCY, async (index) => {
    const key = copies[index % chains.length]
    const turn = Math.floor(index / chains.length)
    const sequenceNumber = BigInt(key.sequence_number) + BigInt(turn)
    const keyIndex = Number(key.index)
    const unsigned = emptyTransaction({ address, keyIndex, sequenceNumber, referenceBlockId })
    const signed = await authorizer.signTransaction(address, unsigned)
    chains[index % chains.length][turn] = { id: transactionId(signed), body: restBody(signed) }
  })
  return chains
}

/** @returns how many were executed without an error, and the milliseconds to the last seal */
export async function sendBare(url, chains, signal) {
  const watch = await watchSeals(url, signal)
  try {
    const started = performance.now()
    const post = limited(CONCURRENCY, (body) => postUntilTaken(url, body, signal))
    const ends = await Promise.all(
      chains.map(async (chain) => {
        let executed = 0
        let lastAt = started
        for (const { id, body } of chain) {
          await post(body)
          const { error, at } = await watch.sealed(id)
          if (error === '') executed += 1
          lastAt = at
        }
        return { executed, lastAt }
      }),
    )
    return {
      executed: ends.reduce((sum, { executed }) => sum + executed, 0),
      ms: Math.max(...ends.map(({ lastAt }) => lastAt)) - started,
    }
  } finally {
    watch.stop()
  }
}

/** The emulator answers 500 while it executes a block, and has not taken the transaction then. */
export async function postUntilTaken(url, body, signal) {
  for (;;) {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body, signal }
    const reply = await fetch(`${url}/v1/transactions`, init)
    const text = await reply.text()
    if (reply.ok) return
    if (!/currently being executed/.test(text)) throw new Error(`not taken: ${text.slice(0, 300)}`)
    await sleep(AGAIN_MS, undefined, { signal })
  }
}

/** Runs no more than so many at once; the others wait in line. */
function limited(concurrency, run) {
  let running = 0
  /** @type {(() => void)[]} */
  const line = []
  return async (item) => {
    if (running >= concurrency) await new Promise((resolve) => line.push(resolve))
    else running += 1
    try {
      return await run(item)
    } finally {
      const next = line.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}

async function inParallel(items, concurrency, run) {
  const one = limited(concurrency, run)
  await Promise.all(items.map(one))
}
