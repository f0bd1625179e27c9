/** Bytes between the enclave and the hosts that it may reach, each by a port of its own, and no others. @module */

import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { withDeadline } from '../../deadline.ts'
import { bindServer, guestPath, invalidOption, type UnixDoor } from './unix-door.ts'

/** Port of the parent, as the enclave knows it, to `host:port`. */
export type ForwardedHosts = Readonly<Record<number, string>>

/** What went through one port. */
export type ForwardCounts = {
  readonly host: string
  /** Connections that are open. */
  open: number
  /** Connections that were made. */
  connections: number
  /** Connections that were not: too many, or the host could not be reached. */
  refused: number
  /** Bytes from the enclave to the host. */
  bytesOut: number
  /** Bytes from the host to the enclave. */
  bytesIn: number
}

/** Bounds of the forwarder. */
export type ForwardLimits = {
  /** Connections at once, of one port. */
  readonly maxConnections: number
  /** Milliseconds until the host is connected. */
  readonly connectTimeoutMs: number
  /** Milliseconds without a byte either way. */
  readonly idleTimeoutMs: number
}

/** Those of the helper door and of the heartbeat. */
const TAKEN = [8_000, 9_000]
const MAX_HOSTS = 16
const MAX_PORT = 0xffff_fffe

/** Where one port leads. */
export type ForwardTarget = {
  readonly vsockPort: number
  readonly host: string
  readonly port: number
}

/** @throws {SignerError} `INVALID_OPTION` for anything but ports and `host:port`. */
export function readHosts(hosts: ForwardedHosts): readonly ForwardTarget[] {
  if (typeof hosts !== 'object' || hosts === null)
    throw invalidOption('hosts', 'it is not an object')
  const entries = Object.entries(hosts)
  if (entries.length > MAX_HOSTS)
    throw invalidOption('hosts', `it has more than ${MAX_HOSTS} ports`)
  return entries.map(([name, where]) => {
    const vsockPort = /^[1-9]\d{0,9}$/.test(name) ? Number(name) : 0
    if (vsockPort < 1 || vsockPort > MAX_PORT)
      throw invalidOption('hosts', 'a port of the vsock is no whole number from 1 to 4294967294')
    if (TAKEN.includes(vsockPort))
      throw invalidOption('hosts', `port ${vsockPort} is that of the helper door or the heartbeat`)
    const [, host = '', digits = ''] = typeof where === 'string' ? (PLACE.exec(where) ?? []) : []
    const port = Number(digits)
    if (host === '' || port < 1 || port > 65_535)
      throw invalidOption(`hosts.${vsockPort}`, 'it is not host:port, with a port from 1 to 65535')
    return { vsockPort, host: host.replace(/^\[|\]$/g, ''), port }
  })
}

/** A name, an IPv4 address, or an IPv6 address in brackets. */
const PLACE =
  /^([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/

/**
 * The enclave does its TLS itself: what goes by here is its ciphertext.
 *
 * @param onRefusal - Told of each connection that did not come about.
 * @throws {SignerError} `INVALID_OPTION` for a path that is taken.
 */
export async function openForward(options: {
  readonly socketPath: string
  readonly target: ForwardTarget
  readonly limits: ForwardLimits
  readonly counts: ForwardCounts
  readonly onRefusal: (vsockPort: number, reason: string) => void
}): Promise<UnixDoor> {
  const { socketPath, target, limits, counts, onRefusal } = options
  const { vsockPort } = target
  const sockets = new Set<Socket>()
  const refuse = (inner: Socket, reason: string) => {
    counts.refused += 1
    inner.destroy()
    onRefusal(vsockPort, reason)
  }

  async function forward(inner: Socket): Promise<void> {
    const outer = await open(target, limits.connectTimeoutMs).catch(({ code }) => code as unknown)
    if (!(outer instanceof Socket)) return refuse(inner, `the host: ${nameOf(outer)}`)
    counts.connections += 1
    sockets.add(outer)
    const end = () => {
      inner.destroy()
      outer.destroy()
    }
    const watch = watchIdle(limits.idleTimeoutMs, end)
    inner.on('data', (chunk: Uint8Array) => {
      watch.seen()
      counts.bytesOut += chunk.length
    })
    outer.on('data', (chunk: Uint8Array) => {
      watch.seen()
      counts.bytesIn += chunk.length
    })
    try {
      // Each end hears of the other's end: TLS and HTTP may use half of a connection.
      await Promise.all([pipeline(inner, outer), pipeline(outer, inner)])
    } finally {
      watch.stop()
      end()
      sockets.delete(outer)
    }
  }

  const server = createServer({ allowHalfOpen: true }, (inner) => {
    inner.on('error', () => inner.destroy()) // it is gone, which its close tells
    if (counts.open >= limits.maxConnections)
      return refuse(inner, `${limits.maxConnections} connections are open`)
    counts.open += 1
    sockets.add(inner)
    inner.once('close', () => {
      counts.open -= 1
      sockets.delete(inner)
    })
    forward(inner).catch(() => inner.destroy()) // one of the two ended in the middle
  })
  return bindServer(server, guestPath(socketPath, vsockPort), () => {
    for (const socket of sockets) socket.destroy()
  })
}

function open({ host, port }: ForwardTarget, timeoutMs: number): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true })
  const onTimeout = () => Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })
  return withDeadline({ timeoutMs, onTimeout }, async () => {
    await once(socket, 'connect')
    return socket
  }).catch((thrown: unknown) => {
    socket.destroy()
    throw thrown
  })
}

/** A byte either way keeps both ways. */
function watchIdle(idleTimeoutMs: number, end: () => void) {
  let lastAt = performance.now()
  const look = () => {
    if (performance.now() - lastAt >= idleTimeoutMs) end()
  }
  const timer = setInterval(look, Math.min(idleTimeoutMs, 1_000))
  timer.unref()
  return {
    seen() {
      lastAt = performance.now()
    },
    stop: () => clearInterval(timer),
  }
}

/** A code of Node.js, such as ECONNREFUSED. */
const nameOf = (code: unknown) => (typeof code === 'string' ? code.slice(0, 40) : 'an error')
