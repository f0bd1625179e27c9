/** Accounts of several parties on an emulator, and the transactions of a rotation sent as they were built. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../../src/crypto/algorithms.ts'
import { bytesToHex } from '../../src/crypto/hex.ts'
import type { Transaction, TransactionPayload } from '../../src/crypto/transaction.ts'
import { connectAccessNode, readLatestBlock } from '../../src/flow/access-node.ts'
import { type Account, readAccount, readAccountKey } from '../../src/flow/accounts.ts'
import { eventField } from '../../src/flow/event-field.ts'
import { settleTransaction } from '../../src/flow/transactions.ts'
import { isSignerError, KmsAuthorizer } from '../../src/index.ts'
import type { KeyChange } from '../../src/provisioning/rotation/key-changes.ts'
import type { RotationKey } from '../../src/provisioning/rotation/types.ts'
import { createSoftwareSigner } from '../../src/testing/index.ts'
import { expectDone } from './drop.ts'
import { startDropChain } from './drop-chain.ts'

/** Somebody with a key, which may be on an account or not. */
export type Party = RotationKey & { readonly authorizer: KmsAuthorizer }

/** Whose signatures a transaction gets: the keys of each, by index. */
export type SignedBy = readonly (readonly [Party, ...number[]])[]

/** What became of a transaction. */
export type Sent = {
  /** As the node tells it: our own panic, or the error codes of the node. */
  readonly failure:
    | { readonly code: string | undefined; readonly errorCodes: readonly number[] }
    | undefined
  /** In units of computation. */
  readonly effort: number
}

export type RotationChain = Awaited<ReturnType<typeof startRotationChain>>

export async function startRotationChain() {
  const chain = await startDropChain({ fees: true })
  const node = connectAccessNode(chain.url)

  async function party(
    signatureAlgorithm: SignatureAlgorithm = 'ECDSA_P256',
    hashAlgorithm: HashAlgorithm = 'SHA3_256',
  ): Promise<Party> {
    const signer = createSoftwareSigner({ algorithm: signatureAlgorithm })
    const { bytes } = await signer.publicKey()
    const authorizer = KmsAuthorizer.fromSigners([signer], { accessNode: chain.url })
    return { publicKey: bytesToHex(bytes), signatureAlgorithm, hashAlgorithm, authorizer }
  }

  /** An account with a key of weight 1,000 at index 0, then these. */
  async function accountOf(
    keys: readonly (readonly [Party, weight: number])[],
  ): Promise<{ readonly address: string; readonly root: Party }> {
    const { address, publicKey, authorizer, authorization } = await chain.createAccount()
    for (const [{ publicKey: key, ...algorithms }, weight] of keys)
      expectDone(
        await chain.run(
          'add-key',
          (arg, t) => [
            arg(key, t.String),
            arg(algorithms.signatureAlgorithm === 'ECDSA_P256' ? '1' : '2', t.UInt8),
            arg(algorithms.hashAlgorithm === 'SHA2_256' ? '1' : '3', t.UInt8),
            arg(weight.toFixed(1), t.UFix64),
          ],
          { address, publicKey, authorizer, authorization },
        ),
      )
    const root = {
      publicKey,
      signatureAlgorithm: 'ECDSA_P256' as const,
      hashAlgorithm: 'SHA3_256' as const,
      authorizer,
    }
    return { address, root }
  }

  const read = (address: string): Promise<Account> => readAccount(node, address)

  /** @param proposer - Index of the key that proposes. */
  async function sign(
    address: string,
    build: (change: KeyChange) => TransactionPayload,
    by: SignedBy,
    proposer: number,
  ): Promise<Transaction> {
    const [block, { sequenceNumber }] = await Promise.all([
      readLatestBlock(node),
      readAccountKey(node, address, proposer),
    ])
    const proposalKey = { address, keyIndex: proposer, sequenceNumber }
    const payload = build({ referenceBlockId: block.id, proposalKey })
    let transaction: Transaction = { ...payload, payloadSignatures: [], envelopeSignatures: [] }
    for (const [{ authorizer }, ...keyIndexes] of by) {
      authorizer.forgetKeys(address)
      transaction = await authorizer.signTransaction(address, transaction, { keyIndexes })
    }
    return transaction
  }

  async function submit(transaction: Transaction): Promise<Sent> {
    const settled = await settleTransaction(node, transaction, { timeoutMs: 30_000 })
    if (settled.kind === 'sealed') {
      const fees = settled.events.find(({ type }) => type.endsWith('.FlowFees.FeesDeducted'))
      const effort = Number(eventField(fees?.payload, 'executionEffort'))
      return { failure: undefined, effort: Math.round(effort * 1e8) }
    }
    if (!isSignerError(settled.error, 'TRANSACTION_FAILED')) throw settled.error
    const { errorCodes, transactionId } = settled.error.context
    // What the error tells of the reason is shorter.
    const reply = await fetch(`${chain.url}/v1/transaction_results/${transactionId}`)
    const { error_message: message = '' }: { error_message?: string } = JSON.parse(
      await reply.text(),
    )
    const [, code] = /^error: panic: (\w+\.\w+): /m.exec(message) ?? []
    return { failure: { code, errorCodes }, effort: 0 }
  }

  return {
    party,
    accountOf,
    read,
    sign,
    submit,
    /** Signs by these and sends; the first key of the first proposes unless another is named. */
    async send(
      address: string,
      build: (change: KeyChange) => TransactionPayload,
      by: SignedBy,
      proposer: number = by[0]?.[1] ?? 0,
    ): Promise<Sent> {
      return submit(await sign(address, build, by, proposer))
    },
    stop: chain.stop,
  }
}
