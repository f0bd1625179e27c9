/** Requests to AWS that show who asks: Signature Version 4. @module */

import { abortable } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { type CredentialsOption, credentialProvider } from './credentials.ts'
import type { HttpTransportOptions } from './http-transport.ts'
import { CONTENT_TYPE } from './protocol.ts'
import { nodeSha256 } from './sha256.ts'

/** Where a signed request is taken. */
export type SigV4Scope = {
  /** `lambda` for a function URL, `execute-api` for API Gateway. */
  readonly service: 'lambda' | 'execute-api'
  readonly region: string
}

/** Hosts of AWS that tell their scope. */
const hosts: readonly (readonly [SigV4Scope['service'], RegExp])[] = [
  ['lambda', /^[a-z0-9]+\.lambda-url\.(?<region>[a-z0-9-]+)\.on\.aws$/],
  [
    'execute-api',
    /^[a-z0-9-]+\.execute-api\.(?<region>[a-z0-9-]+)\.(vpce\.)?amazonaws\.com(\.cn)?$/,
  ],
]

/** @returns The scope of a host of AWS; undefined for any other. */
export function scopeOfHost(hostname: string): SigV4Scope | undefined {
  for (const [service, pattern] of hosts) {
    const region = pattern.exec(hostname)?.groups?.['region']
    if (region !== undefined) return { service, region }
  }
  return undefined
}

/**
 * Signs host, type, time and body. The header `x-amz-content-sha256` is left out: where a request
 * has it, its value is signed and nobody compares it with the body.
 */
export function sigV4({
  url,
  scope,
  credentials,
}: {
  readonly url: URL
  readonly scope: SigV4Scope
  readonly credentials: CredentialsOption | undefined
}): NonNullable<HttpTransportOptions['authorize']> {
  const provide = credentialProvider(credentials)
  return async (body, { signal, freshCredentials }) => {
    const [{ SignatureV4 }, identity] = await abortable(
      Promise.all([loadSignatureV4(), provide({ fresh: freshCredentials })]),
      signal,
    )
    const signer = new SignatureV4({
      ...scope,
      credentials: identity,
      sha256: nodeSha256,
      applyChecksum: false,
    })
    const request = {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'content-type': CONTENT_TYPE },
      body,
    }
    return (await signer.sign(request)).headers
  }
}

async function loadSignatureV4(): Promise<typeof import('@smithy/signature-v4')> {
  try {
    return await import('@smithy/signature-v4')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@smithy/signature-v4' }, { cause })
  }
}
