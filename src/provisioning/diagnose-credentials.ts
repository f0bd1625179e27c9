/** Region and credentials, as the AWS client resolves them: no call to KMS. @module */

import type { KMSClient } from '@aws-sdk/client-kms'
import { withDeadline } from '../deadline.ts'
import { signerErrorTable } from '../error-codes.ts'
import { SignerError } from '../errors.ts'
import { clientRegion } from '../signers/aws-kms/client.ts'
import { checkOf, type Finding } from './finding.ts'
import type { KmsSession } from './kms-session.ts'
import { codeOf } from './options.ts'

/** @returns `ok` with the name of the Region. */
export async function checkRegion(client: KMSClient): Promise<Finding> {
  const check = checkOf('region')
  try {
    return check.ok(await clientRegion(client))
  } catch (thrown) {
    return check.failed(thrown)
  }
}

/** Tells whether there are credentials, for which account, and until when; nothing else of them. */
export async function checkCredentials(kms: KmsSession): Promise<Finding> {
  const check = checkOf('credentials')
  const { signal, limits } = kms
  const onTimeout = () =>
    new SignerError('KMS_CREDENTIALS_INVALID', { keyId: 'any', reason: 'no answer in time' })
  try {
    const found = await withDeadline(
      { signal, timeoutMs: limits.totalTimeoutMs, onTimeout },
      async () => kms.client.config.credentials(),
    )
    const { accountId, expiration } = found
    const account = accountId === undefined ? '' : ` for account ${accountId}`
    if (expiration === undefined) return check.ok(`found${account}`)
    const until = expiration.toISOString()
    return expiration.getTime() > Date.now()
      ? check.ok(`found${account}, valid until ${until}`)
      : check.problem(`expired at ${until}`, 'Renew them.', 'KMS_CREDENTIALS_INVALID')
  } catch (thrown) {
    signal?.throwIfAborted()
    // The provider's own text can name files and profiles, and is not ours to vouch for.
    const [, remedy] = signerErrorTable.KMS_CREDENTIALS_INVALID
    const how = `${remedy} Set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.`
    return check.problem(`none found (${codeOf(thrown)})`, how, 'KMS_CREDENTIALS_INVALID')
  }
}
