/** The program of an enclave as a process of this machine, between a security module, a KMS and a parent. @module */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import { parseConfiguration } from '../../examples/enclave/inside/configuration.ts'
import { createEvents } from '../../examples/enclave/inside/events.ts'
import { createParent } from '../../examples/enclave/inside/parent.ts'
import { startProgram } from '../../examples/enclave/inside/program.ts'
import { type KmsStandIn, startKmsStandIn } from '../../examples/enclave/local/kms-stand-in.ts'
import {
  type ServedModule,
  serveSecurityModule,
} from '../../examples/enclave/local/nitro/security-module.ts'
import { createTlsAuthority } from '../../examples/enclave/local/tls.ts'
import { createCredentialsRoute } from '../../src/enclave/parent/credentials-route.ts'
import { createEventsRoute, type ToldEvent } from '../../src/enclave/parent/events-route.ts'
import { type JsonRoute, openJsonDoor } from '../../src/enclave/parent/json-door.ts'
import { createStoreRoute } from '../../src/enclave/parent/store-route.ts'
import { keyPolicy, PCRS } from './enclave.ts'
import { bundleInside, type FileBeside } from './enclave-inside.ts'
import { startKms, type TestKms } from './kms.ts'
import { createMapStore, type MapStore } from './map-store.ts'

export const HOST = 'kms.us-east-1.amazonaws.com'
/** Of the parent's credentials: it can be looked for in everything that is said. */
export const SECRET = 'a-secret-of-the-parents-role'

/** Whatever JSON came, and its status. */
export type Said = { readonly status: number; readonly body: Record<string, unknown> }

/** Ways into the program. */
export type Doors = {
  readonly folder: string
  readonly sign: (question: object) => Promise<Said>
  readonly control: (path: string, question: object | string) => Promise<Said>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A process of the program. */
export type Inside = Doors & {
  readonly pid: number
  /** All that it wrote to stdout and stderr. */
  readonly output: () => string
  readonly ended: Promise<number | null>
}

export type World = {
  readonly kms: TestKms
  readonly keyId: string
  readonly ca: string
  readonly securityModule: ServedModule
  readonly standIn: KmsStandIn
  readonly store: MapStore
  /** In the place of what the parent would answer, by path, until it is taken out. */
  readonly routes: Map<string, JsonRoute>
  readonly events: ToldEvent[]
  readonly asked: Map<string, number>
  /** Connections to KMS so far. */
  readonly connections: () => number
  readonly closeParent: () => Promise<void>
  readonly openParent: () => Promise<void>
  readonly configuration: (changes?: object) => object
  /** Resolves when it runs; rejects with what it said when it ended. */
  readonly start: (
    configuration: object,
    options?: { readonly args?: readonly string[] },
  ) => Promise<Inside>
  /** The same program in this process, which takes less time. */
  readonly open: (configuration: object) => Promise<Doors>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** @param files - Of the ramdisk, in `app/`, beside the program. */
export async function startWorld(files: readonly FileBeside[] = []): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'fk-'))
  const at = (name: string) => join(folder, name)
  const [kms, bundle] = await Promise.all([startKms(), bundleInside()])
  writeFileSync(at('enclave.mjs'), bundle)
  for (const { path, contents } of files) {
    const place = at(path.replace(/^app\//, ''))
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, contents)
  }
  const keyId = (await kms.client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
  const securityModule = await serveSecurityModule({ socketPath: at('nsm.sock'), pcrs: PCRS })
  const authority = createTlsAuthority()
  const standIn = await startKmsStandIn({
    upstream: kms.aws.endpoint,
    root: securityModule.chain()[0]?.certificate ?? new Uint8Array(),
    tls: authority.issue(HOST),
    keyPolicy: keyPolicy(),
  })
  let connections = 0
  const pipe = await pipeTo(at('kms.sock'), standIn.port, () => {
    connections += 1
  })

  const store = createMapStore()
  const events: ToldEvent[] = []
  const asked = new Map<string, number>()
  const routes = new Map<string, JsonRoute>()
  const credentials = { accessKeyId: 'AKIAOFTHEPARENT', secretAccessKey: SECRET }
  const usual: Record<string, JsonRoute> = {
    '/store': createStoreRoute(store, 5_000),
    '/credentials': createCredentialsRoute(async () => credentials, 5_000),
    '/events': createEventsRoute((event) => events.push(event)),
  }
  const watched = Object.entries(usual).map(([path, route]) => {
    const watch: JsonRoute = (question, signal) => {
      asked.set(path, (asked.get(path) ?? 0) + 1)
      return (routes.get(path) ?? route)(question, signal)
    }
    return [path, watch]
  })
  const door = {
    socketPath: at('parent.sock'),
    routes: Object.fromEntries(watched),
    maxConnections: 64,
    onFailure: () => undefined,
  }
  let parent = await openJsonDoor(door)

  let runs = 0
  function prepare(configuration: object): string {
    runs += 1
    const run = at(`r${runs}`)
    mkdirSync(run)
    for (const name of ['nsm', 'kms', 'parent'])
      symlinkSync(at(`${name}.sock`), join(run, `${name}.sock`))
    writeFileSync(join(run, 'enclave.json'), JSON.stringify(configuration))
    return run
  }

  const children = new Set<ChildProcess>()
  const start: World['start'] = async (configuration, { args = [] } = {}) => {
    const run = prepare(configuration)
    const options = [...args, at('enclave.mjs'), '--run', run]
    const child = spawn(
      process.execPath,
      [...options, '--configuration', join(run, 'enclave.json')],
      { stdio: ['ignore', 'pipe', 'pipe'], env: {} },
    )
    children.add(child)
    let said = ''
    const ended = once(child, 'exit').then(([code]) => {
      children.delete(child)
      return code as number | null // as Node.js documents
    })
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => {
          said += text.toString()
          if (said.includes('"event":"started"')) resolve()
        })
      ended.then(() => reject(new Error(said)))
    })
    return {
      pid: child.pid ?? 0,
      ...doorsOf(run),
      output: () => said,
      ended,
      async [Symbol.asyncDispose]() {
        child.kill()
        await ended
      },
    }
  }

  return {
    ...{ kms, keyId, securityModule, standIn, store, routes, events, asked, start },
    ca: authority.ca,
    connections: () => connections,
    async open(configuration) {
      const run = prepare(configuration)
      const ask = createParent(join(run, 'parent.sock'))
      const place = { run, ask, events: createEvents(ask) }
      const program = await startProgram(parseConfiguration(JSON.stringify(configuration)), place)
      return { ...doorsOf(run), [Symbol.asyncDispose]: () => program.close() }
    },
    closeParent: () => parent.close(),
    async openParent() {
      parent = await openJsonDoor(door)
    },
    configuration: (changes = {}) => ({
      name: 'test-signer',
      vsock: { parentCid: 2 },
      kms: { region: 'us-east-1', keyId, host: HOST, ca: authority.ca },
      keys: {
        minter: {
          ...{ wallet: 'minter', algorithm: 'ECDSA_secp256k1', userMessages: true },
          ...{ accounts: ['0xf8d6e0586b0a20c7'], payload: true, envelope: true },
        },
        other: { wallet: 'other', algorithm: 'ECDSA_P256', userMessages: true },
      },
      policy: {
        chainId: 'flow-emulator',
        accounts: ['0xf8d6e0586b0a20c7'],
        scripts: [{ name: 'one', cadence: 'transaction {}', parameters: [], maxComputeLimit: 100 }],
      },
      ...changes,
    }),
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL')
      await Promise.all([
        parent.close().catch(() => undefined),
        pipe(),
        standIn[Symbol.asyncDispose](),
        securityModule[Symbol.asyncDispose](),
        kms[Symbol.asyncDispose](),
      ])
      rmSync(folder, { recursive: true })
    },
  }
}

const doorsOf = (run: string): Omit<Doors, typeof Symbol.asyncDispose> => ({
  folder: run,
  sign: (question) => post(join(run, 'signing.sock'), '/', JSON.stringify(question)),
  control: (path, question) =>
    post(
      join(run, 'control.sock'),
      path,
      typeof question === 'string' ? question : JSON.stringify(question),
    ),
})

/** Moves bytes, as the init and the parent do between them. @returns Ends it. */
async function pipeTo(
  socketPath: string,
  port: number,
  onConnection: () => void,
): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>()
  const server = createServer((one) => {
    onConnection()
    const other = connect(port, '127.0.0.1')
    for (const socket of [one, other]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        one.destroy()
        other.destroy()
        sockets.delete(socket)
      })
    }
    one.pipe(other).pipe(one)
  })
  server.listen(socketPath)
  await once(server, 'listening')
  return async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
}

function post(socketPath: string, path: string, text: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const asking = request({ socketPath, path, method: 'POST', headers, agent: false }, (reply) => {
      let body = ''
      reply.setEncoding('utf8')
      reply.on('data', (piece: string) => {
        body += piece
      })
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: JSON.parse(body) }))
      reply.on('error', reject)
    })
    asking.on('error', reject)
    asking.end(text)
  })
}
