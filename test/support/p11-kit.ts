/** A token behind a server of p11-kit, which can be frozen and cut off. Gone with the test. @module */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findLibrary, type SoftHsm, type SoftToken } from './softhsm.ts'
import { until } from './until.ts'

/** A token that is far away, as an HSM is. Write `await using far = …`. */
export type FarToken = {
  readonly modulePath: string
  /** Of the processes that use it. */
  readonly env: Record<string, string>
  readonly uri: (key?: string) => string
  /** From now on it takes calls and answers none. */
  readonly freeze: () => void
  /** Cuts every connection; new ones find nobody. */
  readonly cut: () => Promise<void>
  /** Undoes both. */
  readonly restore: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** The module that talks to such a server. */
export const findP11KitClient = (): string | undefined => findLibrary('pkcs11/p11-kit-client.so')

let count = 0

export async function serveToken(hsm: SoftHsm, token: SoftToken): Promise<FarToken> {
  const modulePath = findP11KitClient()
  if (modulePath === undefined) throw new Error('there is no p11-kit-client.so on this machine')
  const socket = join(hsm.folder, `server-${count++}`)
  const start = async () => {
    rmSync(socket, { force: true })
    const tokenUri = `pkcs11:token=${encodeURIComponent(token.label)}`
    const args = ['server', '-f', '-n', socket, '--provider', hsm.modulePath, tokenUri]
    const { NODE_OPTIONS: _, ...env } = hsm.env
    // A group of its own: it starts a process for each connection.
    const child = spawn('p11-kit', args, { env, detached: true, stdio: 'ignore' })
    await once(child, 'spawn')
    await until(() => existsSync(socket))
    return child
  }
  let server: ChildProcess | undefined = await start()
  const signal = (name: NodeJS.Signals) => {
    if (server?.pid !== undefined) process.kill(-server.pid, name)
  }
  const cut = async () => {
    if (server === undefined) return
    const ended = once(server, 'exit')
    signal('SIGKILL')
    await ended
    server = undefined
  }
  // What is left of it goes with this process, whatever happens.
  process.once('exit', () => signal('SIGKILL'))
  return {
    modulePath,
    env: { ...hsm.env, P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` },
    uri: (key) => token.uri(key).replace(hsm.modulePath, modulePath),
    freeze: () => signal('SIGSTOP'),
    cut,
    async restore() {
      if (server === undefined) server = await start()
      else signal('SIGCONT')
    },
    [Symbol.asyncDispose]: cut,
  }
}
