/** The access node that FCL itself uses, read from its configuration. @module */

import { SignerError } from '../errors.ts'

// By name and not by literal import: FCL is the user's, optional, and must not be bundled here.
// By the time an authorization function runs it is loaded, so this costs nothing.
const packages = ['@onflow/fcl', '@onflow/fcl-core', '@onflow/sdk']

/**
 * @returns The URL in `accessNode.api`.
 * @throws {SignerError} `ACCESS_NODE_NOT_SET`.
 */
export async function fclAccessNode(): Promise<string> {
  for (const name of packages) {
    const url = await configuredUrl(name)
    if (url !== undefined) return url
  }
  throw new SignerError('ACCESS_NODE_NOT_SET', {
    reason: 'no copy of FCL that this package can import has one',
  })
}

async function configuredUrl(name: string): Promise<string | undefined> {
  try {
    const module: { config?: unknown; default?: { config?: unknown } } = await import(name)
    const config = module.config ?? module.default?.config
    if (typeof config !== 'function') return undefined
    const url: unknown = await config().get('accessNode.api')
    return typeof url === 'string' && url !== '' ? url : undefined
  } catch {
    return undefined // not installed
  }
}
