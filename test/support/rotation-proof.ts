/** What must hold once a rotation is over, tried on the chain with transactions of one's own. @module */

import { CancelKeyDeletionCommand, DescribeKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms'
import { hexToBytes } from '../../src/crypto/hex.ts'
import { envelopeMessage, type Transaction, transactionId } from '../../src/crypto/transaction.ts'
import { errorCodesOf } from '../../src/flow/failure-message.ts'
import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import type { RotatedKey } from '../../src/provisioning/index.ts'
import { post } from './fcl-player.ts'
import { noop } from './flow-chain.ts'
import { type ChainKey, getJson, readKeys } from './rotation-blocks.ts'
import type { RetirePlace } from './rotation-vaults.mjs'
import type { RotatingAccount, RotationWorld } from './rotation-world.ts'
import { until } from './until.ts'

/** Flow's code for a signature that does not count: of a revoked key, too. */
const INVALID_SIGNATURE = 1006

/**
 * Sends a transaction of the account, which pays for it and authorizes it, with these keys and no
 * check of ours before it.
 *
 * @returns The error codes of the chain; empty when it succeeded.
 */
export async function sendSignedBy(
  url: string,
  address: string,
  keys: { readonly proposer: number; readonly signers: ReadonlyMap<number, Signer> },
): Promise<readonly number[]> {
  type Block = { readonly header: { readonly id: string } }
  const [block]: readonly Block[] = await getJson(`${url}/v1/blocks?height=sealed`)
  type Key = {
    readonly sequence_number: string
    readonly hashing_algorithm: 'SHA2_256' | 'SHA3_256'
  }
  const keyOf = (keyIndex: number): Promise<Key> =>
    getJson(`${url}/v1/accounts/${address.slice(2)}/keys/${keyIndex}`)
  const unsigned: Transaction = {
    cadence: noop,
    arguments: [],
    referenceBlockId: hexToBytes(block?.header.id ?? '', 'block'),
    computeLimit: 100,
    proposalKey: {
      address,
      keyIndex: keys.proposer,
      sequenceNumber: BigInt((await keyOf(keys.proposer)).sequence_number),
    },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
  const message = envelopeMessage(unsigned)
  const envelopeSignatures = await Promise.all(
    [...keys.signers].map(async ([keyIndex, signer]) => {
      const { hashing_algorithm: hashAlgorithm } = await keyOf(keyIndex)
      return { address, keyIndex, signature: await signer.sign({ message, hashAlgorithm }) }
    }),
  )
  const signed = { ...unsigned, envelopeSignatures }
  const verdict = await post(url, signed)
  if (verdict !== 'taken') throw new Error(`the node did not take the transaction: ${verdict}`)
  return settled(url, signed)
}

async function settled(url: string, transaction: Transaction): Promise<readonly number[]> {
  type Result = { readonly status?: string; readonly error_message?: string }
  let result: Result = {}
  await until(async () => {
    result = await getJson(`${url}/v1/transaction_results/${transactionId(transaction)}`)
    return result.status === 'Sealed'
  })
  return errorCodesOf(result.error_message ?? '')
}

/** What a rotation was to give. */
export type Expected = {
  readonly newKey: Pick<RotatedKey, 'publicKey' | 'kind' | 'reference'>
  /** Of the new key. */
  readonly signer: Signer
  /** How many keys of weight 0 the new key has. */
  readonly copies: number
}

/**
 * @returns What does not hold, in sentences: the new key has the weight, once, and its copies; it signs
 * and its copies propose; the old key and its copies are revoked, sign nothing and propose nothing.
 */
export async function faultsAfter(
  { chain, vaults, kms }: RotationWorld,
  account: RotatingAccount,
  { newKey, signer, copies }: Expected,
): Promise<readonly string[]> {
  const { address, oldPublicKey, combination } = account
  const { url } = chain
  const faults: string[] = []
  const must = (holds: boolean, text: string) => {
    if (!holds) faults.push(text)
  }
  const keys = await readKeys(url, address, 'sealed')
  const ours = keys.filter(({ publicKey, revoked }) => publicKey === newKey.publicKey && !revoked)
  const weighted = ours.filter(({ weight }) => weight > 0)
  const [weightedKey] = weighted
  const newCopies = ours.filter(({ weight }) => weight === 0)
  const olds = keys.filter(({ publicKey }) => publicKey === oldPublicKey)
  must(weighted.length === 1, `${weighted.length} keys of the new signer have weight`)
  must(weightedKey?.weight === combination.weights[0], `the new key weighs ${weightedKey?.weight}`)
  must(newCopies.length === copies, `the new key has ${newCopies.length} copies, not ${copies}`)
  const { hashAlgorithm } = combination.next
  must(
    ours.every((key) => key.hashAlgorithm === hashAlgorithm),
    'another hash algorithm',
  )
  must(
    olds.every(({ revoked }) => revoked),
    'a key of the old signer is not revoked',
  )

  const others = account.others.map(vaults.signer)
  const otherKeys = others.map((one, index): [number, Signer] => [index + 1, one])
  const authz = KmsAuthorizer.fromSigners([signer, ...others], { accessNode: url })
  const sent = await chain.send({ cadence: noop, limit: 100, authz: authz.authorize(address) })
  must(sent.errorCodes.length === 0, `the new key does not sign: ${sent.errorMessage}`)
  const [copy] = newCopies
  const team: [number, Signer][] = [[weightedKey?.keyIndex ?? 0, signer], ...otherKeys]
  if (copy !== undefined) {
    const signers = new Map([...team, [copy.keyIndex, signer]])
    const codes = await sendSignedBy(url, address, { proposer: copy.keyIndex, signers })
    must(codes.length === 0, `copy ${copy.keyIndex} of the new key does not propose: ${codes}`)
  }
  if (account.retire) faults.push(...(await wakeOldKey(kms, account.retire, newKey)))
  const old = vaults.signer(account.old)
  const byOld = new Map([[0, old], ...otherKeys])
  const signed = await sendSignedBy(url, address, { proposer: 0, signers: byOld })
  must(signed.includes(INVALID_SIGNATURE), `the old key signed: ${signed}`)
  // That all are revoked was seen above; these are tried.
  for (const proposer of new Set([...account.copies.slice(0, 2), ...account.copies.slice(-2)])) {
    const codes = await sendSignedBy(url, address, {
      proposer,
      signers: new Map([...team, [proposer, old]]),
    })
    must(codes.includes(INVALID_SIGNATURE), `copy ${proposer} of the old key proposed: ${codes}`)
  }
  return faults
}

/**
 * Takes back how the old key ended in KMS: what it would sign there is to be tried on the chain.
 *
 * @returns What does not hold: its deletion was waiting, and its alias means the new key.
 */
async function wakeOldKey(
  { client }: RotationWorld['kms'],
  { keyId: KeyId, alias }: RetirePlace,
  { reference, kind }: Expected['newKey'],
): Promise<readonly string[]> {
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }))
  const named = await client.send(new DescribeKeyCommand({ KeyId: alias ?? KeyId }))
  const due = kind === 'aws-kms' ? reference : KeyId
  const isMoved = named.KeyMetadata?.Arn === due
  await client.send(new CancelKeyDeletionCommand({ KeyId }))
  await client.send(new EnableKeyCommand({ KeyId }))
  return [
    ...(KeyMetadata?.KeyState === 'PendingDeletion' ? [] : [`it is ${KeyMetadata?.KeyState}`]),
    ...(isMoved ? [] : [`${alias} means ${named.KeyMetadata?.Arn}`]),
  ]
}

/** @returns What does not hold after an abort: everybody weighs what he did, and nobody else is there. */
export async function faultsAfterAbort(
  { chain }: RotationWorld,
  { address, before }: RotatingAccount,
): Promise<readonly string[]> {
  const keys: readonly ChainKey[] = await readKeys(chain.url, address, 'sealed')
  const weights = new Map<string, number>()
  for (const { publicKey, weight, revoked } of keys)
    if (!revoked) weights.set(publicKey, (weights.get(publicKey) ?? 0) + weight)
  const strangers = [...weights.keys()].filter((publicKey) => !before.has(publicKey))
  const changed = [...before].filter(([publicKey, weight]) => weights.get(publicKey) !== weight)
  return [
    ...strangers.map((publicKey) => `${publicKey.slice(0, 8)} is still on the account`),
    ...changed.map(([publicKey]) => `${publicKey.slice(0, 8)} weighs ${weights.get(publicKey)}`),
  ]
}
