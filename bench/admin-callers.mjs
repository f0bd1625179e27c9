/** Callers that keep their connections and ask again as soon as they are answered. @module */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'

/** @param {number} callers with a connection each, which they keep until `agent.destroy()` */
export const connectionsOf = (callers) => new Agent({ keepAlive: true, maxSockets: callers })

/**
 * @param {string} url
 * @param {{ agent: Agent, body: string, token?: string, callers: number, ms: number,
 *   signal: AbortSignal }} options each call has an Idempotency-Key of its own
 * @returns calls that were answered with 202, those that were not, and milliseconds of each of the first
 */
export async function callForAWhile(url, { agent, body, token, callers, ms, signal }) {
  const took = []
  let refused = 0
  const end = performance.now() + ms
  async function work() {
    while (performance.now() < end) {
      signal.throwIfAborted()
      const started = performance.now()
      const status = await post(url, { body, token, agent })
      if (status === 202) took.push(performance.now() - started)
      else refused += 1
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: callers }, work))
  return { accepted: took.length, refused, ms: performance.now() - started, took }
}

function post(url, { body, token, agent }) {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': randomUUID(),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const call = request(url, { method: 'POST', agent, headers }, (reply) => {
      reply.resume()
      reply.on('end', () => resolve(reply.statusCode))
      reply.on('error', reject)
    })
    call.on('error', reject)
    call.end(body)
  })
}
