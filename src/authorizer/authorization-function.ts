/** The function that FCL calls once for each role of an account in a transaction. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { SignerError } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { BoundKey } from './bound-account.ts'
import { compositeSignature } from './composite-signature.ts'
import type { Engine } from './engine.ts'
import type {
  AuthorizationFunction,
  FclAccount,
  FclPreSignable,
  FclRole,
  FclSignable,
  ResolvedAccount,
} from './fcl-types.ts'
import { signLeased } from './leased-signing.ts'
import { transactionFacts } from './observer.ts'
import { type Authorization, openProposalKey, pick } from './proposal-key.ts'
import { chooseKeys, type Selection } from './selection.ts'
import { type TransactionContext, transactionContext } from './transaction-context.ts'
import { checkSignable } from './voucher.ts'

/** @param address - Normalised. */
export function createAuthorizationFunction(
  engine: Engine,
  address: string,
  { signal, ...selection }: Selection & { readonly signal?: AbortSignal },
): AuthorizationFunction {
  const { proposalKeys } = selection
  if (proposalKeys !== undefined && proposalKeys.address !== address)
    throw new SignerError('INVALID_OPTION', {
      option: 'proposalKeys',
      reason: `the pool is of ${proposalKeys.address}`,
    })
  const authorization = { engine, address, selection, signal }
  const resolve = (account: FclAccount, preSignable?: FclPreSignable) =>
    resolveAccount(authorization, account, preSignable)
  // FCL declares authorization functions as synchronous, and awaits them: see fcl-types.ts.
  return resolve as AuthorizationFunction
}

async function resolveAccount(
  authorization: Authorization,
  account: FclAccount,
  preSignable: FclPreSignable | undefined,
): Promise<readonly ResolvedAccount[]> {
  const { engine, selection } = authorization
  assertRole(account)
  if (selection.proposalKeys !== undefined && preSignable?.interaction === undefined)
    throw invalidAccount('it comes without an interaction, so its roles could not share a lease')
  const context = transactionContext(engine, preSignable?.interaction)
  try {
    return await resolveRoles(authorization, context, account)
  } catch (thrown) {
    context.leases.giveBack() // FCL drops the transaction
    throw thrown
  }
}

async function resolveRoles(
  authorization: Authorization,
  context: TransactionContext,
  account: FclAccount,
): Promise<readonly ResolvedAccount[]> {
  const { engine, selection, signal } = authorization
  const { proposalKeys, proposalKeyIndex } = selection
  const { role } = account
  const node = await engine.node(signal)
  // FCL calls for the payer first and keeps the first copy of a key that it sees. So the payer's
  // copy of the proposal key must carry the sequence number, or FCL fetches the whole account.
  // Reading it first also shows whether the keys have changed.
  const proposal =
    role.proposer || role.payer ? await openProposalKey(authorization, context, node) : undefined
  const signing =
    role.payer || role.authorizer
      ? await pick(authorization, context, node, {}, (found) => chooseKeys(found, selection))
      : []

  const roles = new Map(signing.map((key) => [key.keyIndex, { key, role: signingRole(role) }]))
  const joinsPayer = proposalKeyIndex !== undefined || proposalKeys !== undefined
  if (proposal !== undefined && (role.proposer || joinsPayer)) {
    const { key } = proposal
    const authorizer = roles.get(key.keyIndex)?.role.authorizer ?? false
    // Also a payer when the account pays: it then signs the envelope, in the same round as the rest.
    roles.set(key.keyIndex, {
      key,
      role: { proposer: role.proposer, payer: role.payer, authorizer },
    })
  }
  return [...roles.values()].map(({ key, role: keyRole }) => {
    context.noteTold(key)
    const sequenceNum = key.keyIndex === proposal?.key.keyIndex ? proposal.sequenceNumber : null
    return resolvedAccount(account, { key, role: keyRole, sequenceNum, context, signal, node })
  })
}

const signingRole = (role: FclRole): FclRole => ({
  proposer: false,
  payer: role.payer,
  authorizer: role.authorizer,
})

function resolvedAccount(
  account: FclAccount,
  entry: {
    readonly key: BoundKey
    readonly role: FclRole
    readonly sequenceNum: number | null
    readonly context: TransactionContext
    readonly node: NodeConnection
    readonly signal: AbortSignal | undefined
  },
): ResolvedAccount {
  const { key, role, sequenceNum, context, node, signal } = entry
  const { address, keyIndex } = key
  const addr = address.slice(2)
  return {
    ...account, // FCL's own fields; never its `role` object, which it shares between roles
    role: { proposer: role.proposer, payer: role.payer, authorizer: role.authorizer, param: false },
    tempId: `${addr}-${keyIndex}`,
    addr,
    keyId: keyIndex,
    sequenceNum,
    signature: null,
    resolve: null,
    async signingFunction(signable: FclSignable) {
      try {
        const checked = checkSignable(signable, address, keyIndex)
        const { message, part, transaction } = checked
        const purpose = () =>
          ({ kind: 'transaction', transaction: transactionFacts(transaction, part) }) as const
        const sign = (one: BoundKey) => context.signOnce(one, message, purpose, signal)
        const signature = await signLeased(context, key, checked, sign)
        context.noteSigned(node, transaction.proposalKey)
        return compositeSignature(key, bytesToHex(signature))
      } catch (thrown) {
        context.leases.giveBack() // without this signature it is never sent
        throw thrown
      }
    },
  }
}

function assertRole(account: FclAccount): void {
  const role = account?.role
  if (typeof role !== 'object' || !(role?.proposer || role?.payer || role?.authorizer))
    throw invalidAccount('it has no role; pass the function itself to fcl.mutate')
}

const invalidAccount = (reason: string) =>
  new SignerError('INVALID_OPTION', { option: 'account', reason })
