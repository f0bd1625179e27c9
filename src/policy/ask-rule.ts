/** Asking a rule of the user's own, so that nothing but an answer is taken for one. @module */

import { withDeadline } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'

/** How long a policy may think, in milliseconds: claims, leases and callers wait with it. */
const POLICY_TIMEOUT_MS = 30_000

/**
 * What one that is not asynchronous throws refuses: a rule that looks at the transaction alone has
 * nothing that could fail but the transaction. What an asynchronous one rejects with says nothing
 * about it, unless it is `POLICY_REFUSED`.
 *
 * @param ask - Calls the rule.
 * @param read - Of what it said: `undefined` allows, what else means something the caller knows. It
 * throws `POLICY_FAILED` for the rest.
 * @throws {SignerError} `POLICY_REFUSED`; `POLICY_FAILED` when it threw otherwise, or said nothing
 * for 30 seconds; what it threw, where that is a passing fault.
 */
export async function askRule<Verdict>(
  ask: () => unknown,
  read: (said: unknown) => Verdict,
): Promise<Verdict> {
  const said = askNow(ask)
  const onTimeout = () => policyFailed(`it did not answer within ${POLICY_TIMEOUT_MS} ms`)
  try {
    return read(await withDeadline({ timeoutMs: POLICY_TIMEOUT_MS, onTimeout }, async () => said))
  } catch (thrown) {
    if (isSignerError(thrown, 'POLICY_REFUSED') || isPassing(thrown)) throw thrown
    if (isSignerError(thrown, 'POLICY_FAILED')) throw thrown
    // Its text may quote anything: the name alone tells what kind of mistake it is.
    const name = thrown instanceof Error ? thrown.name.slice(0, 60) : 'something that is no error'
    throw new SignerError('POLICY_FAILED', { reason: `it threw ${name}` }, { cause: thrown })
  }
}

function askNow(ask: () => unknown): unknown {
  try {
    return ask()
  } catch (thrown) {
    if (isSignerError(thrown, 'POLICY_REFUSED') || isPassing(thrown)) throw thrown
    const reason = thrown instanceof Error ? thrown.message.slice(0, 200) : 'it threw no error'
    throw new SignerError('POLICY_REFUSED', { reason }, { cause: thrown })
  }
}

const isPassing = (thrown: unknown) => isSignerError(thrown) && thrown.disposition === 'retry'

/** @param reason - What the policy did. */
export const policyFailed = (reason: string): SignerError =>
  new SignerError('POLICY_FAILED', { reason })
