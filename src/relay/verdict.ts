/** What a policy says, checked: only what is understood lets a transaction be signed. @module */

import { parseSelection } from '../authorizer/selection.ts'
import type { TransactionPayload } from '../crypto/transaction.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { askRule, policyFailed } from '../policy/ask-rule.ts'

/** What a policy says of a transaction. Nothing said: it is signed by the fewest keys. */
export type PolicyVerdict = {
  /** Exactly these keys of the account sign. */
  readonly keyIndexes?: readonly number[]
  /** Ids of jobs that may not be signed yet. They are looked at again after some seconds. */
  readonly postponed?: readonly string[]
  /** Jobs that may never be signed: they fail. */
  readonly refused?: readonly { readonly id: string; readonly reason: string }[]
}

/**
 * A rule on a transaction before it is signed. `undefined` or a verdict lets it be signed; whatever
 * else it returns holds the relay. To refuse, name the jobs, or throw: a `SignerError`
 * `POLICY_REFUSED`, or from a function that is not asynchronous any error, refuses the whole
 * transaction, and of a batch the halves are tried. What an asynchronous one rejects with otherwise
 * says nothing about the jobs: a passing fault is tried again, and the rest holds the relay until it
 * works. When a job is postponed or refused nothing is signed, and the others of its batch go into
 * another transaction.
 *
 * @param context - Which jobs the transaction is for, in the order of its arguments.
 */
export type RelayPolicy = (
  transaction: TransactionPayload,
  context: { readonly jobIds: readonly string[] },
) => undefined | PolicyVerdict | Promise<undefined | PolicyVerdict> | void | Promise<void>

/**
 * Asks the policy.
 *
 * @returns Which keys sign, where it says so.
 * @throws {SignerError} `POLICY_REFUSED`, `POLICY_POSTPONED`; `POLICY_FAILED` when it threw, said
 * something that is no verdict, or nothing for 30 seconds; what it threw, where that is a passing fault.
 */
export async function askPolicy(
  policy: RelayPolicy | undefined,
  payload: TransactionPayload,
  jobIds: readonly string[],
): Promise<Pick<PolicyVerdict, 'keyIndexes'>> {
  if (policy === undefined) return {}
  const { keyIndexes, postponed, refused } = await askRule(
    () => policy(payload, { jobIds }),
    (said) => parseVerdict(said, jobIds),
  )
  if (postponed.length + refused.length > 0)
    throw new SignerError('POLICY_POSTPONED', { postponed, refused })
  return keyIndexes === undefined ? {} : { keyIndexes }
}

type Parsed = Required<Pick<PolicyVerdict, 'postponed' | 'refused'>> &
  Pick<PolicyVerdict, 'keyIndexes'>

function parseVerdict(said: unknown, jobIds: readonly string[]): Parsed {
  if (said === undefined) return { postponed: [], refused: [] }
  if (!isRecord(said)) throw policyFailed('it returned neither undefined nor a verdict')
  const { keyIndexes, postponed, refused, ...others } = said
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw policyFailed(`a verdict has no ${unknown.slice(0, 40)}`)
  const isJob = (id: unknown): id is string => typeof id === 'string' && jobIds.includes(id)
  return {
    ...(keyIndexes === undefined ? {} : { keyIndexes: parseKeyIndexes(keyIndexes) }),
    postponed: listOf(postponed, 'postponed', isJob),
    refused: listOf(
      refused,
      'refused',
      (one): one is { id: string; reason: string } =>
        isRecord(one) && isJob(one['id']) && typeof one['reason'] === 'string',
    ),
  }
}

function parseKeyIndexes(said: unknown): readonly number[] {
  try {
    const { keyIndexes = [] } = parseSelection({ keyIndexes: listOf(said, 'keyIndexes', isNumber) })
    return keyIndexes
  } catch (thrown) {
    if (!isSignerError(thrown)) throw thrown
    throw policyFailed('keyIndexes are not different whole numbers, at least one')
  }
}

function listOf<Item>(
  said: unknown,
  name: string,
  isItem: (one: unknown) => one is Item,
): readonly Item[] {
  if (said === undefined) return []
  if (Array.isArray(said) && said.every(isItem)) return [...said]
  throw policyFailed(`${name} is not a list of what it may name`)
}

const isNumber = (one: unknown): one is number => typeof one === 'number'

/** A plain object: of an error or a map, not even an empty one says anything. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
