/** Region and credentials, as the AWS client resolves them: no call to KMS. @module */

import { withDeadline } from '../../deadline.ts'
import { clientRegion, readCredentials } from '../../signers/aws/configuration.ts'
import { slowCredentials } from '../../signers/aws/credential-failures.ts'
import type { KmsSession } from '../keys/kms-session.ts'
import { checkOf, type Finding } from './finding.ts'

/** @returns `ok` with the name of the Region. */
export async function checkRegion({ client, limits, signal }: KmsSession): Promise<Finding> {
  const check = checkOf('region')
  try {
    return check.ok(await clientRegion(client, { leftMs: () => limits.totalTimeoutMs, signal }))
  } catch (thrown) {
    signal?.throwIfAborted()
    return check.failed(thrown)
  }
}

/** Tells whether there are credentials, for which account, and until when; nothing else of them. */
export async function checkCredentials(kms: KmsSession): Promise<Finding> {
  const check = checkOf('credentials')
  const { client, signal, limits } = kms
  const onTimeout = () => slowCredentials(client.config, 'any')
  try {
    const { accountId, expiration } = await withDeadline(
      { signal, timeoutMs: limits.totalTimeoutMs, onTimeout },
      () => readCredentials(client, 'any'),
    )
    const account = typeof accountId === 'string' ? ` for account ${accountId}` : ''
    if (!(expiration instanceof Date)) return check.ok(`found${account}`)
    const until = expiration.toISOString()
    return expiration.getTime() > Date.now()
      ? check.ok(`found${account}, valid until ${until}`)
      : check.problem(`expired at ${until}`, 'Renew them.', 'KMS_CREDENTIALS_INVALID')
  } catch (thrown) {
    signal?.throwIfAborted()
    return check.failed(thrown)
  }
}
