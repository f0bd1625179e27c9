/** Bounds how long connections can hold up a server that closes. @module */

import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Once a server closes, Node.js ends the connections that wait for another request, but neither those
 * that have never sent one (browsers open some ahead of time) nor those whose request trickles in: it
 * no longer looks at its timeouts then. The first end at once, the second after `drainMs`.
 */
export function boundClosing(app: FastifyInstance, drainMs: number): void {
  const connections = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  app.addHook('preClose', async () => {
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
    // A server that never listened emits no `close`, and must not be held up by this.
    const timer = setTimeout(() => app.server.closeAllConnections(), drainMs).unref()
    app.server.once('close', () => clearTimeout(timer))
  })
}
