/** The options that many commands share, and what they mean. @module */

import { SignerError } from '../errors.ts'
import type { AccessNodeOptions } from '../flow/access-node.ts'
import { assertHttpUrl } from '../options.ts'
import type { KmsOptions } from '../provisioning/index.ts'
import type { Context, Flags } from './command.ts'
import { usage, wholeNumber } from './values.ts'

/** Understood by every command. */
export const commonFlags: Flags = {
  timeout: { value: 'seconds', help: 'For one call with its retries, 1 to 3600; default 10' },
  json: { help: 'Print one JSON value, errors too' },
  help: { help: 'Show this help' },
}

/** For commands that use KMS. */
export const kmsFlags: Flags = {
  region: { value: 'name', help: 'AWS Region; default AWS_REGION or the profile' },
  profile: { value: 'name', help: 'AWS profile; default AWS_PROFILE' },
  endpoint: { value: 'url', help: 'KMS endpoint, for MiniStack or LocalStack' },
}

/** For commands that use an access node. */
export const chainFlags: Flags = {
  network: { value: 'name', help: 'emulator, testnet or mainnet; refuses any other chain' },
  'access-node': {
    value: 'url',
    help: 'REST endpoint; default FLOW_ACCESS_NODE or that of --network',
  },
}

const networks: Readonly<Record<string, { readonly url: string; readonly chainId: string }>> = {
  emulator: { url: 'http://127.0.0.1:8888', chainId: 'flow-emulator' },
  testnet: { url: 'https://rest-testnet.onflow.org', chainId: 'flow-testnet' },
  mainnet: { url: 'https://rest-mainnet.onflow.org', chainId: 'flow-mainnet' },
}

/** Milliseconds, when the option is given. */
export function timeoutMs({ values }: Context): number | undefined {
  const text = values.optional('timeout')
  return text === undefined ? undefined : 1000 * wholeNumber('--timeout', text, 1, 3600)
}

/** What every client of AWS takes. */
export type AwsSettings = Readonly<Partial<Record<'region' | 'profile' | 'endpoint', string>>>

/** Region, profile and endpoint, those that are given: for a client of any AWS service. */
export function awsSettings({ values }: Context): AwsSettings {
  const region = values.optional('region')
  const profile = values.optional('profile')
  const endpoint = values.optional('endpoint')
  if (region !== undefined && !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region))
    throw new SignerError('AWS_REGION_INVALID', { reason: '--region is not a Region name' })
  if (profile === '') throw usage('--profile', 'it is empty')
  if (endpoint !== undefined) assertHttpUrl('--endpoint', endpoint)
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
  }
}

/** Client configuration and limits. Call it once per run: keys that share it share a client. */
export function kmsSettings(context: Context): KmsOptions {
  const { signal } = context
  const client = awsSettings(context)
  const totalTimeoutMs = timeoutMs(context)
  if (totalTimeoutMs === undefined) return { client, signal }
  const requestTimeoutMs = Math.min(3_000, totalTimeoutMs)
  return { client, signal, limits: { totalTimeoutMs, requestTimeoutMs } }
}

/** An access node and the chain it must serve. */
export type ChainSettings = { readonly accessNode: AccessNodeOptions; readonly chainId?: string }

/** @returns `undefined` when no access node is named anywhere. */
export function optionalChain(context: Context): ChainSettings | undefined {
  const { values, env } = context
  const name = values.optional('network')
  const network = name !== undefined && Object.hasOwn(networks, name) ? networks[name] : undefined
  if (name !== undefined && network === undefined)
    throw usage('--network', 'it is none of emulator, testnet and mainnet')
  const url = values.optional('access-node') ?? (env['FLOW_ACCESS_NODE'] || network?.url)
  if (url === undefined) return undefined
  assertHttpUrl('--access-node', url)
  const limit = timeoutMs(context)
  return {
    accessNode: limit === undefined ? { url } : { url, timeoutMs: limit },
    ...(network === undefined ? {} : { chainId: network.chainId }),
  }
}

/** @throws {SignerError} `ACCESS_NODE_NOT_SET`, `INVALID_OPTION`. */
export function chainSettings(context: Context): ChainSettings {
  const chain = optionalChain(context)
  if (chain !== undefined) return chain
  const reason = 'pass --network or --access-node, or set FLOW_ACCESS_NODE'
  throw new SignerError('ACCESS_NODE_NOT_SET', { reason })
}
