/** Counts what goes over the wire, so that every library is measured the same way. @module */
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'

/**
 * @typedef {{ method: string, path: string, target: string, sentBytes: number,
 *   receivedBytes: number }} Exchange one request that was answered. `target` is the operation of
 *   an AWS request; the bytes are those of the bodies, as transferred
 */

/**
 * Forwards HTTP to a server on loopback and remembers each exchange.
 * @param {string} serverUrl
 * @returns {Promise<{ url: string, take: () => Exchange[], stop: () => Promise<void> }>} `take`
 *   returns the exchanges since the last time
 */
export async function startCountingProxy(serverUrl) {
  const { hostname, port } = new URL(serverUrl)
  const agent = new Agent({ keepAlive: true })
  /** @type {Exchange[]} */
  let exchanges = []

  const proxy = createServer((incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming
    const target = String(headers['x-amz-target'] ?? '').replace('TrentService.', '')
    const exchange = { method, path, target, sentBytes: 0, receivedBytes: 0 }
    const fail = () => outgoing.destroy()
    const onward = request({ agent, hostname, port, method, path, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.on('data', (chunk) => {
        exchange.receivedBytes += chunk.length
      })
      reply.on('end', () => exchanges.push(exchange)).on('error', fail)
      reply.pipe(outgoing)
    })
    onward.on('error', fail)
    incoming.on('data', (chunk) => {
      exchange.sentBytes += chunk.length
    })
    incoming.on('error', fail).pipe(onward)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')

  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    take() {
      const taken = exchanges
      exchanges = []
      return taken
    },
    async stop() {
      const closed = once(proxy, 'close')
      proxy.close()
      proxy.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}
