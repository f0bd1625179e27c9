/** AWS credentials for SigV4: the caller's, or those of the default chain of the AWS SDK. @module */

import { SignerError } from '../../errors.ts'
import { credentialFault } from '../aws/configuration.ts'
import type { CredentialSource } from '../aws/credential-failures.ts'
import { faultError, readCredentialsFault } from './failures.ts'

/** As the AWS SDK names them. */
export type RemoteSignerCredentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** When they end. */
  readonly expiration?: Date
}

/** Credentials, or a function of the AWS SDK or of yours that gives some. */
export type CredentialsOption =
  | RemoteSignerCredentials
  | (() => RemoteSignerCredentials | Promise<RemoteSignerCredentials>)

/** Gives credentials that are good for a minute at least, as far as they tell. */
export type CredentialProvider = (options: {
  readonly fresh: boolean
}) => Promise<RemoteSignerCredentials>

const ALMOST_OVER_MS = 60_000

/**
 * What has an end is remembered until a minute before; what has none is asked for each time, since a
 * function may know better by then.
 */
export function credentialProvider(given: CredentialsOption | undefined): CredentialProvider {
  if (typeof given === 'object') return async () => given
  const source: CredentialSource = given === undefined ? {} : { credentials: marked }
  let kept: RemoteSignerCredentials | undefined
  let asking: Promise<RemoteSignerCredentials> | undefined
  let chain: Promise<() => Promise<RemoteSignerCredentials>> | undefined

  const ask = async (): Promise<unknown> => {
    if (given !== undefined) return given()
    chain ??= defaultChain()
    chain.catch(() => {
      chain = undefined // a failure is not remembered
    })
    return (await chain)()
  }

  return async ({ fresh }) => {
    if (fresh) {
      kept = undefined
      chain = undefined // which remembers, too
    }
    const endsAt = kept?.expiration?.getTime() ?? 0
    if (kept !== undefined && endsAt - Date.now() > ALMOST_OVER_MS) return kept
    // Many signatures at the same time ask once.
    asking ??= checkedCredentials(ask, source).finally(() => {
      asking = undefined
    })
    kept = await asking
    return kept
  }
}

/**
 * @param source - Where `ask` looks, for the error.
 * @returns What it gives, checked. Rejects with a fault.
 */
export async function checkedCredentials(
  ask: () => Promise<unknown>,
  source: CredentialSource,
): Promise<RemoteSignerCredentials> {
  let found: unknown
  try {
    found = await ask()
  } catch (thrown) {
    throw faultError(readCredentialsFault(thrown, source))
  }
  const reason = credentialFault(found)
  if (reason === undefined) return found as RemoteSignerCredentials // as was just checked
  const error = new SignerError('AWS_CONFIG_INVALID', { setting: 'credentials', reason })
  throw faultError({ retry: 'no', error: () => error })
}

/** As the SDK marks credentials that it was given. */
const marked = Object.assign(() => undefined, { attributed: true })

/** The package remembers what its chain gave until shortly before its end. */
async function defaultChain(): Promise<() => Promise<RemoteSignerCredentials>> {
  const name = '@aws-sdk/credential-provider-node'
  try {
    const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
    return defaultProvider()
  } catch {
    throw new SignerError('AWS_SDK_MISSING', { package: name })
  }
}
