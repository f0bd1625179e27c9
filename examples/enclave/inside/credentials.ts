/** Credentials of the parent's role, asked for each request to KMS and kept by nobody. @module */

import type { KMSClientConfig } from '@aws-sdk/client-kms'
import { clearCredentialCache, SignatureV4 } from '@smithy/signature-v4'
import { SignerError } from 'fcl-kms'
import { nodeSha256 } from '../../../src/signers/remote/sha256.ts'
import { type AskParent, codeOfAnswer, fieldsOfAnswer, type ParentAnswer } from './parent.ts'

const TIMEOUT_MS = 5_000

type Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/**
 * The SDK remembers what a provider of credentials gave until shortly before it expires, and a key that
 * it derived of them for longer. So it gets a stand-in for credentials, which signs nothing, and a
 * signer that asks by itself and has the derived key forgotten.
 *
 * @returns Fields of the configuration of a client.
 */
export function parentCredentials(
  ask: AskParent,
  { region, keyId }: { readonly region: string; readonly keyId: string },
): Required<Pick<KMSClientConfig, 'credentials' | 'signer'>> {
  return {
    credentials: { accessKeyId: 'of-the-parent', secretAccessKey: 'asked-for-each-request' },
    signer: async () => ({
      async sign(request, options) {
        const credentials = await credentialsOf(ask, keyId)
        const signature = new SignatureV4({
          ...{ credentials, region, service: 'kms', sha256: nodeSha256, uriEscapePath: true },
        })
        try {
          return await signature.sign(request, options)
        } finally {
          clearCredentialCache()
        }
      },
    }),
  }
}

async function credentialsOf(ask: AskParent, keyId: string): Promise<Credentials> {
  const options = { timeoutMs: TIMEOUT_MS, isRepeatable: true }
  const answer = await ask('/credentials', { version: 1 }, options).catch(() => undefined)
  const found = answer?.status === 200 ? readCredentials(answer.body) : undefined
  if (found !== undefined) return found
  const provider = 'the parent of the enclave'
  const reason = reasonOf(answer)
  if (isRefusal(answer))
    throw new SignerError('KMS_CREDENTIALS_MISSING', {
      ...{ keyId, provider, reason },
      remedy: 'give the parent a role, and let its helper door hand its credentials in',
    })
  throw new SignerError('KMS_CREDENTIALS_UNAVAILABLE', { keyId, provider, reason })
}

/** What somebody has to mend, by the code of the parent or by the status. */
const isRefusal = (answer: ParentAnswer | undefined) =>
  answer !== undefined &&
  (answer.status < 500 ||
    /^(KMS_CREDENTIALS_(MISSING|INVALID)|AWS_CONFIG_INVALID)$/.test(
      codeOfAnswer(answer.body) ?? '',
    ))

const reasonOf = (answer: ParentAnswer | undefined) => {
  if (answer === undefined) return 'it does not answer, or with something that is no answer'
  return answer.status === 200
    ? 'what it hands in is not in the form of credentials'
    : `it answers with status ${answer.status}`
}

/** Both go into headers as they are. A token is some 1,000 characters long. */
const PRINTABLE = /^[\x21-\x7e]{1,16384}$/

function readCredentials(body: unknown): Credentials | undefined {
  const known = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration']
  const fields = fieldsOfAnswer(body, known) ?? {}
  const { accessKeyId, secretAccessKey, sessionToken } = fields
  const isGood = (value: unknown): value is string =>
    typeof value === 'string' && PRINTABLE.test(value)
  if (!isGood(accessKeyId) || !isGood(secretAccessKey)) return undefined
  if (sessionToken === undefined) return { accessKeyId, secretAccessKey }
  return isGood(sessionToken) ? { accessKeyId, secretAccessKey, sessionToken } : undefined
}
