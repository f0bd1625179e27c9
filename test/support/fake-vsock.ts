/** The vsock of a guest that is not there: real Unix sockets, and Firecracker's greeting. @module */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What a port of the guest does with a connection after, or instead of, the greeting. */
export type GuestPort = (socket: Socket) => void

/** A vsock without a guest behind it. */
export type FakeVsock = AsyncDisposable & {
  readonly socketPath: string
  /** What listens, by port; to be changed as the test goes. Others close the connection. */
  readonly ports: Map<number, GuestPort>
  /** In place of `OK` and a port; undefined says nothing at all. */
  greeting: string | undefined
  /** Connections that are open. */
  readonly open: ReadonlySet<Socket>
  /** Ends all connections, as a guest does that dies. */
  readonly die: () => void
  /** Comes from the guest to a port of its parent. */
  readonly toParent: (port: number) => Promise<Socket>
}

/** Leads each connection to a Unix socket. */
export const bridgeTo =
  (path: string): GuestPort =>
  (socket) => {
    const inner = connect({ path, allowHalfOpen: true })
    socket.pipe(inner).pipe(socket)
    inner.on('error', () => socket.destroy())
    inner.once('close', () => socket.destroy())
    socket.once('close', () => inner.destroy())
  }

export async function startFakeVsock(socketPath: string): Promise<FakeVsock> {
  const ports = new Map<number, GuestPort>()
  const open = new Set<Socket>()
  const vsock: FakeVsock = {
    socketPath,
    ports,
    greeting: 'OK 1073741824\n',
    open,
    die() {
      for (const socket of open) socket.destroy()
    },
    async toParent(port) {
      const socket = connect(`${socketPath}_${port}`)
      await once(socket, 'connect')
      return socket
    },
    async [Symbol.asyncDispose]() {
      vsock.die()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    let line = ''
    const onData = (chunk: Buffer) => {
      line += chunk.toString('latin1')
      const end = line.indexOf('\n')
      if (end < 0) return
      socket.off('data', onData)
      const port = ports.get(Number(/^CONNECT (\d+)$/.exec(line.slice(0, end))?.[1]))
      // What is sent before the greeting is lost on a real one, without a word.
      if (port === undefined || end + 1 < line.length) socket.destroy()
      else if (vsock.greeting !== undefined) {
        socket.write(vsock.greeting)
        port(socket)
      }
    }
    socket.on('data', onData)
  })
  server.listen(socketPath)
  await once(server, 'listening')
  return vsock
}
