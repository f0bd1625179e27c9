/**
 * The account of a simulated chain whose keys a test changes, as one transaction of the network would:
 * from one block to the next, and what was signed with a revoked key is refused. @module
 */

import { bytesToHex } from '../../src/crypto/hex.ts'
import type { Signer } from '../../src/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { address, startPoolChain } from './pool-world.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** One key on the account. */
type Key = { readonly signer: Signer; readonly weight: number; revoked: boolean }

/** A chain, and what was refused on it. */
export type RotatingAccount = AsyncDisposable & {
  readonly node: SimulatedNode
  readonly old: Signer
  readonly next: Signer
  /** Adds keys. @returns The index of the first. */
  readonly add: (signer: Signer, weight: number, count?: number) => number
  readonly revoke: (keyIndexes: readonly number[]) => void
  /** The next signer gets `weight` and `copies`; the old one loses all. */
  readonly swap: (copies?: number) => void
  /** Keys of this signer that are not revoked, with their numbers. */
  readonly keysOf: (
    signer: Signer,
  ) => readonly { readonly keyIndex: number; readonly sequenceNumber: bigint }[]
  /** Cadence of transactions that were signed or proposed with a revoked key. */
  readonly refused: readonly string[]
  readonly executed: readonly string[]
}

const software = () => createSoftwareSigner({ algorithm: 'ECDSA_P256' })

/** @param weight - Of the key that is rotated; what is missing to 1,000 belongs to `others`. */
export async function startRotatingAccount(
  options: { readonly copies?: number; readonly weight?: number; readonly others?: Signer } = {},
): Promise<RotatingAccount> {
  const { copies = 3, weight = 1_000, others } = options
  const [old, next] = [software(), software()]
  const keys: Key[] = []
  const refused: string[] = []
  const executed: string[] = []
  const publicKeys = new Map<Signer, string>()
  for (const signer of [old, next, ...(others === undefined ? [] : [others])])
    publicKeys.set(signer, bytesToHex((await signer.publicKey()).bytes))

  const node = await startPoolChain({
    copies: 200,
    expiry: 600,
    execute({ cadence, proposalKey, payloadSignatures, envelopeSignatures }) {
      const used = [proposalKey, ...payloadSignatures, ...envelopeSignatures]
      const isGood = used.every(({ keyIndex }) => keys[keyIndex]?.revoked === false)
      const list = isGood ? executed : refused
      list.push(cadence)
      return isGood ? '' : '[Error Code: 1006] invalid signature'
    },
  })
  const numberOf = (index: number) =>
    BigInt(node.chain.sequenceNumber(index, node.chain.heights().executed))
  const bodyOf = ({ signer, weight: keyWeight, revoked }: Key, index: number) => ({
    index: String(index),
    public_key: `0x${publicKeys.get(signer)}`,
    signing_algorithm: 'ECDSA_P256',
    hashing_algorithm: 'SHA3_256',
    sequence_number: String(numberOf(index)),
    weight: String(keyWeight),
    revoked,
  })
  const ofAccount = new RegExp(`^accounts/${address.slice(2)}(?:/keys/(\\d+))?\\?`)
  node.setFault(({ path }) => {
    const match = ofAccount.exec(path)
    if (match === null) return undefined
    const bodies = keys.map(bodyOf)
    if (match[1] === undefined)
      return { status: 200, body: { address: address.slice(2), balance: '1', keys: bodies } }
    const body = bodies[Number(match[1])]
    const absent = { status: 404, body: { code: 404, message: 'no such key' } }
    return body === undefined ? absent : { status: 200, body }
  })
  const add: RotatingAccount['add'] = (signer, keyWeight, count = 1) => {
    const first = keys.length
    for (let made = 0; made < count; made += 1)
      keys.push({ signer, weight: keyWeight, revoked: false })
    return first
  }
  const indexesOf = (signer: Signer) =>
    keys.flatMap((key, index) => (key.signer === signer && !key.revoked ? [index] : []))
  const revoke = (keyIndexes: readonly number[]) => {
    for (const [index, key] of keys.entries()) if (keyIndexes.includes(index)) key.revoked = true
  }
  add(old, weight)
  if (others !== undefined) add(others, 1_000 - weight)
  add(old, 0, copies)
  return {
    node,
    old,
    next,
    add,
    revoke,
    swap(newCopies = 3) {
      add(next, weight)
      add(next, 0, newCopies)
      revoke(indexesOf(old))
    },
    keysOf: (signer) =>
      indexesOf(signer).map((keyIndex) => ({ keyIndex, sequenceNumber: numberOf(keyIndex) })),
    refused,
    executed,
    [Symbol.asyncDispose]: node[Symbol.asyncDispose],
  }
}
