/** A proxy on loopback whose connections can be forgotten: open, and nothing comes through. @module */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A running proxy. Write `await using proxy = …`. */
export type SilentProxy = AsyncDisposable & {
  readonly port: number
  /** Those that are open, and those that come until `heal`, are accepted and never answered. */
  readonly silence: () => void
  /** New ones are forwarded again. */
  readonly heal: () => void
}

export async function startSilentProxy(targetPort: number): Promise<SilentProxy> {
  const sockets = new Set<Socket>()
  let silent = false
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    keep(near)
    if (silent) return void near.resume()
    const far = connect(targetPort, '127.0.0.1')
    keep(far)
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // it listens on a port
    silence() {
      silent = true
      for (const socket of sockets) socket.unpipe().resume()
    },
    heal() {
      silent = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
