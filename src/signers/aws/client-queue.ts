/** The queue in front of a client, as long as the client's sockets are many. @module */

import { type CallQueue, createCallQueue } from '../call-queue.ts'
import { isObject } from './thrown-facts.ts'

/**
 * Sockets that the SDK's own request handler opens, and what is taken where nothing is known: another
 * handler, or an agent without a bound.
 *
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-configuring-maxsockets.html
 */
const DEFAULT_CALLS_AT_ONCE = 50

/** An agent of Node.js, as far as it is read here. */
type Agent = { readonly maxSockets?: unknown; readonly maxTotalSockets?: unknown }

/** A client of the AWS SDK, of whichever service, as far as it is read here. */
export type QueuedClient = {
  readonly config: {
    readonly requestHandler: unknown
    readonly endpoint?: (() => Promise<Endpoint>) | undefined
    readonly region: () => Promise<string>
  }
}
type Endpoint = {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
}

const ofClients = new WeakMap<QueuedClient, Promise<CallQueue>>()
// By agent, since clients may share one, and by where they call: an agent counts its sockets so,
// unless it bounds them all together.
const ofAgents = new WeakMap<object, Map<string, CallQueue>>()

/** @returns The one queue of this client, and of all that share its sockets. Never rejects. */
export function clientQueue(client: QueuedClient): Promise<CallQueue> {
  const known = ofClients.get(client)
  if (known !== undefined) return known
  const found = findQueue(client)
  ofClients.set(client, found)
  return found
}

async function findQueue(client: QueuedClient): Promise<CallQueue> {
  const { protocol, host } = await whereTo(client)
  const agent = await agentOf(client.config.requestHandler, protocol).catch(() => undefined)
  const queues = ofAgents.get(agent ?? client) ?? new Map<string, CallQueue>()
  ofAgents.set(agent ?? client, queues)
  // What bounds the sockets of all hosts together needs one line for all of them.
  const { maxTotalSockets }: Agent = agent ?? {}
  const line = isBound(maxTotalSockets) ? '' : host
  const queue = queues.get(line) ?? createCallQueue(() => callsAtOnce(agent))
  queues.set(line, queue)
  return queue
}

async function whereTo({ config }: QueuedClient): Promise<{ protocol: string; host: string }> {
  try {
    const endpoint = await config.endpoint?.()
    if (endpoint !== undefined)
      return { protocol: endpoint.protocol, host: `${endpoint.hostname}:${endpoint.port}` }
    return { protocol: 'https:', host: await config.region() }
  } catch {
    return { protocol: 'https:', host: '' } // what is wrong with it, the call will tell
  }
}

/** The handler tells its agents only after its first request; before, they are what it was made with. */
async function agentOf(handler: unknown, protocol: string): Promise<object | undefined> {
  if (!isObject(handler) || !('configProvider' in handler)) return undefined
  const config: unknown = await handler.configProvider
  if (!isObject(config)) return undefined
  if (protocol !== 'http:') return agentIn(config, 'httpsAgent')
  const known = agentIn(config, 'httpAgent')
  if (known !== undefined) return known
  const provider = 'httpAgentProvider' in config ? config.httpAgentProvider : undefined
  const made: unknown = typeof provider === 'function' ? await provider() : undefined
  return isObject(made) ? made : undefined
}

function agentIn(config: object, name: 'httpAgent' | 'httpsAgent'): object | undefined {
  const agent: unknown = Object.entries(config).find(([key]) => key === name)?.[1]
  return isObject(agent) ? agent : undefined
}

function callsAtOnce(agent: Agent | undefined): number {
  const bounds = [agent?.maxSockets, agent?.maxTotalSockets].filter(isBound)
  return bounds.length === 0 ? DEFAULT_CALLS_AT_ONCE : Math.min(...bounds)
}

const isBound = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 1
