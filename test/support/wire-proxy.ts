/** A TCP proxy that stops forwarding on purpose, as a firewall does that drops packets. @module */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A running proxy on 127.0.0.1. Write `await using wire = …`. */
export type WireProxy = {
  readonly port: number
  /** From now on nothing comes through either way, and nobody is told; new connections included. */
  readonly drop: () => void
  /**
   * New connections come through again. Those from before stay dead, since a firewall that came back
   * knows nothing of them.
   */
  readonly restore: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** @param target - A port on 127.0.0.1. */
export async function startWireProxy(target: number): Promise<WireProxy> {
  const sockets = new Set<Socket>()
  let dropping = false

  function carry(from: Socket, to: Socket): void {
    let isDead = false
    drops.add(() => {
      isDead = true
    })
    from.on('data', (bytes) => isDead || to.write(bytes))
    from.on('error', () => undefined) // its end is told by `close`
    from.on('close', () => {
      sockets.delete(from)
      if (!isDead) to.destroy()
    })
  }

  const drops = new Set<() => void>()
  const server = createServer((client) => {
    sockets.add(client)
    if (dropping) {
      client.on('error', () => undefined)
      return
    }
    const upstream = connect(target, '127.0.0.1')
    sockets.add(upstream)
    carry(client, upstream)
    carry(upstream, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a server on a TCP port has one
  return {
    port,
    drop() {
      dropping = true
      for (const drop of drops) drop()
      drops.clear()
    },
    restore() {
      dropping = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
