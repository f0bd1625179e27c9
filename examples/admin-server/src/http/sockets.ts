/** How many connections there may be: in all, and of one address. @module */

import type { FastifyInstance } from 'fastify'
import { addressGroup, createAddressList, normaliseAddress } from '../access/network.ts'
import type { Config } from '../config/config.ts'

/** See `boundSockets`. */
export type SocketLimits = Pick<
  Config['http'],
  'maxConnections' | 'maxConnectionsPerAddress' | 'trustedProxies'
>

/**
 * One that is too many is closed before anything of it is read, so that nobody alone can use up what
 * all have in common. A trusted proxy brings the calls of many, so only the number in all counts there.
 */
export function boundSockets(app: FastifyInstance, limits: SocketLimits): void {
  const isProxy = createAddressList(limits.trustedProxies)
  const counts = new Map<string, number>()
  app.server.maxConnections = limits.maxConnections
  app.server.on('connection', (socket) => {
    const address = normaliseAddress((socket.remoteAddress ?? '').replace(/%.*$/, ''))
    if (address === undefined || isProxy(address)) return
    const group = addressGroup(address)
    const count = (counts.get(group) ?? 0) + 1
    counts.set(group, count)
    socket.once('close', () => {
      const left = (counts.get(group) ?? 1) - 1
      if (left === 0) counts.delete(group)
      else counts.set(group, left)
    })
    if (count > limits.maxConnectionsPerAddress) socket.destroy()
  })
}
