/**
 * An access node of a simulated chain, in this process: the routes of the REST API that a relay
 * uses. For runs by the hundred, and for what an emulator cannot be made to do. @module
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type ChainSettings,
  createSimulatedChain,
  type Included,
  type SimulatedBlock,
  type SimulatedChain,
} from './simulated-chain.ts'
import { blockBody, readTransaction, resultBody, transactionBody } from './simulated-replies.ts'

/** What the node is told. */
export type SimulatedNodeOptions = Partial<ChainSettings> & {
  /** Milliseconds from block to block; 0 makes none by itself. Default 20. */
  readonly blockMs?: number
  /** The one account: 16 digits, its key of weight 1,000 at index 0, and copies of weight 0. */
  readonly account: {
    readonly address: string
    /** 128 digits, P-256 with SHA3-256. */
    readonly publicKey: string
    readonly copies: number
  }
  /** Answers a script with JSON-Cadence. Default: a failure. */
  readonly script?: (cadence: string, args: readonly unknown[]) => unknown
}

/**
 * What happens to a request: nothing of it is done, or all but the reply, or only this reply;
 * `isDone`: all is done, and this is the reply.
 */
export type NodeFault =
  | 'reset'
  | 'lose-reply'
  | { readonly status: number; readonly body: object; readonly isDone?: boolean }

/** A request as a fault is decided on. */
export type NodeRequest = {
  readonly method: string
  /** After `/v1`, with its query. */
  readonly path: string
  /** What stands before `/v1`: so that two clients can be told apart. */
  readonly client: string
}

export type SimulatedNode = AsyncDisposable & {
  /** `http://127.0.0.1:…`; a client's own is this, a slash and its name. */
  readonly url: string
  readonly chain: SimulatedChain
  /** Decides on every request from now on. */
  readonly setFault: (decide: (request: NodeRequest) => NodeFault | undefined) => void
  readonly requests: () => number
}

type Answer = { readonly status: number; readonly body: unknown }

const ok = (body: unknown): Answer => ({ status: 200, body })
const refuse = (status: number, message: string): Answer => ({
  status,
  body: { code: status, message },
})

/** Starts it on a free port of 127.0.0.1. */
export async function startSimulatedNode(options: SimulatedNodeOptions): Promise<SimulatedNode> {
  const { account, blockMs = 20, script } = options
  const { executionDelayBlocks = 1, sealDelayBlocks = 3, expiry = 600 } = options
  const { execute = () => '' } = options
  const chain = createSimulatedChain({ executionDelayBlocks, sealDelayBlocks, expiry, execute })
  let decide: (request: NodeRequest) => NodeFault | undefined = () => undefined
  let requests = 0

  const heightOf = (text: string | null): number => {
    const { executed, sealed } = chain.heights()
    return text === 'sealed' ? sealed : text === 'final' || text === null ? executed : Number(text)
  }

  function keyBody(index: number, height: number): object {
    return {
      index: String(index),
      public_key: `0x${account.publicKey}`,
      signing_algorithm: 'ECDSA_P256',
      hashing_algorithm: 'SHA3_256',
      sequence_number: String(chain.sequenceNumber(index, height)),
      weight: index === 0 ? '1000' : '0',
      revoked: false,
    }
  }

  function blocksOf(query: URLSearchParams): readonly SimulatedBlock[] {
    const { final, sealed } = chain.heights()
    const height = query.get('height')
    const single = height === 'final' ? final : height === 'sealed' ? sealed : Number(height)
    const from = Number(query.get('start_height') ?? single)
    const to = Number(query.get('end_height') ?? single)
    const all = Array.from({ length: to - from + 1 }, (_, index) => chain.block(from + index))
    return all.every((block) => block !== undefined) ? all : []
  }

  const resultOf = (one: Included) =>
    resultBody(one, chain.block(one.height)?.id ?? '', one.height <= chain.heights().sealed)

  const routes: readonly [
    RegExp,
    (part: string[], query: URLSearchParams, body: string) => Answer,
  ][] = [
    [/^network\/parameters$/, () => ok({ chain_id: 'flow-emulator' })],
    [
      /^blocks$/,
      (_, query) => {
        const blocks = blocksOf(query)
        return blocks.length > 0 ? ok(blocks.map(blockBody)) : refuse(404, 'no such block')
      },
    ],
    [
      /^blocks\/(\w+)$/,
      ([id = '']) => {
        const block = chain.blockById(id)
        return block === undefined ? refuse(404, 'no such block') : ok([blockBody(block)])
      },
    ],
    [
      /^transaction_results$/,
      (_, query) => {
        const height = heightOf(query.get('block_height'))
        if (height > chain.heights().executed) return refuse(400, 'not executed')
        return ok((chain.block(height)?.included ?? []).map(resultOf))
      },
    ],
    [
      /^transaction_results\/(\w+)$/,
      ([id = '']) => {
        const one = chain.find(id)
        const known = one !== undefined && one.height <= chain.heights().executed
        return known ? ok(resultOf(one)) : refuse(404, 'not found')
      },
    ],
    [
      /^transactions$/,
      (_, query, body) => {
        if (body === '') {
          const block = chain.block(heightOf(query.get('block_height')))
          return ok((block?.included ?? []).map(transactionBody))
        }
        const reason = chain.take(readTransaction(body))
        return reason === '' ? ok({}) : refuse(400, reason)
      },
    ],
    [
      /^accounts\/(\w+)$/,
      ([address], query) => {
        const height = heightOf(query.get('block_height'))
        const indexes = Array.from({ length: account.copies + 1 }, (_, index) => index)
        const keys = indexes.map((index) => keyBody(index, height))
        return address === account.address
          ? ok({ address, balance: '100000000', keys })
          : refuse(404, 'could not find account')
      },
    ],
    [
      /^accounts\/\w+\/keys\/(\d+)$/,
      ([index], query) => {
        const known = Number(index) <= account.copies
        const height = heightOf(query.get('block_height'))
        return known ? ok(keyBody(Number(index), height)) : refuse(404, 'no such key')
      },
    ],
    [
      /^scripts$/,
      (_part, _query, body) => {
        const { script: code, arguments: args }: { script: string; arguments: string[] } =
          JSON.parse(body)
        const text = (base64: string) => Buffer.from(base64, 'base64').toString()
        if (script === undefined) return refuse(400, 'no scripts')
        const result = script(
          text(code),
          args.map((one) => JSON.parse(text(one))),
        )
        return ok(Buffer.from(JSON.stringify(result)).toString('base64'))
      },
    ],
  ]

  function answer(path: string, body: string): Answer {
    const url = new URL(path, 'http://node')
    for (const [pattern, run] of routes) {
      const match = pattern.exec(url.pathname.slice(1))
      if (match !== null) return run(match.slice(1), url.searchParams, body)
    }
    return refuse(404, `no route ${path}`)
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming
    const [client = '', path = ''] = url.split('/v1/')
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    requests += 1
    const fault = decide({ method, path, client: client.slice(1) })
    if (fault === 'reset') return void incoming.socket.destroy()
    if (typeof fault === 'object' && fault.isDone === true) answer(path, body)
    const told = typeof fault === 'object' ? fault : answer(path, body)
    if (fault === 'lose-reply') return void incoming.socket.destroy()
    response.writeHead(told.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(told.body))
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  const blocks = blockMs > 0 ? setInterval(() => chain.mine(), blockMs) : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    chain,
    setFault(next) {
      decide = next
    },
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      clearInterval(blocks)
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
