/** Rotations as the API shows them. Shapes are those of http/schemas/. @module */

import { decodeTransaction, hexToBytes } from 'fcl-kms/crypto'
import type { RotationPending, RotationRecord } from 'fcl-kms/provisioning'
import type { KeyRule } from '../config/config.ts'
import type { ReportedKey } from '../execution/account-keys.ts'
import type { HeldSigner } from '../execution/signers.ts'

/** What a view is made with. */
export type RotationFacts = {
  /** Of the server: of another account nothing is known but the record. */
  readonly account: string
  /** Blocks. */
  readonly transactionExpiry: number
  /** The keys of the account as they were read last. */
  readonly keys: readonly ReportedKey[]
  /** Whose a public key is, by the configuration. */
  readonly holderOf: (publicKey: string) => HeldSigner | undefined
  /** Whether proposal keys of the account are held now. */
  readonly held: boolean
}

/** Blocks, on every network but an emulator that was started otherwise. */
const DEFAULT_EXPIRY = 600

/** One rotation, for lists. */
export function viewRotation(record: RotationRecord, facts: RotationFacts) {
  const { id, address, chainId, state, plan, step, newKey, pending } = record
  const isOurs = address === facts.account
  const holder = (publicKey: string) => (isOurs ? holderView(facts.holderOf(publicKey)) : null)
  const { old } = plan
  return {
    ...{ id, account: address, chainId, state, step },
    mode: plan.mode,
    emergency: plan.emergency,
    held: state === 'open' && (isOurs ? facts.held : record.heldStores === true),
    old: {
      ...keyView(old),
      ...{ index: old.keyIndex, weight: old.weight, copies: old.copies.length },
      holder: holder(old.publicKey),
    },
    new:
      newKey === undefined
        ? null
        : {
            ...keyView(newKey),
            index: newKey.weightedIndex ?? null,
            ...{ weight: plan.weight, copies: copiesOf(newKey) },
            ...{ kind: newKey.kind, reference: newKey.reference },
            holder: holder(newKey.publicKey),
          },
    pending: pending === undefined ? null : viewPending(pending, isOurs ? facts : undefined),
    startedAt: timeOf(record.createdAt),
    updatedAt: timeOf(record.updatedAt),
    revokedAt: record.revokedAt === undefined ? null : timeOf(record.revokedAt),
    askAgainAt: record.askAgainAt === undefined ? null : timeOf(record.askAgainAt),
    aborting: record.aborting === true,
  }
}

/** One rotation in full. */
export function viewRotationInFull(record: RotationRecord, facts: RotationFacts) {
  const { plan, history } = record
  return {
    ...viewRotation(record, facts),
    steps: stepsOf(record),
    notes: [...plan.notes],
    history: history.map(({ step, at, text, transactionId }) => ({
      ...{ step, at: timeOf(at), text, transactionId: transactionId ?? null },
    })),
  }
}

function stepsOf({ plan, step, state, history }: RotationRecord) {
  const place = plan.steps.indexOf(step)
  return plan.steps.map((name, index) => {
    const isDone = state === 'done' || index < place
    const last = history.findLast((entry) => entry.step === name)
    const open = index === place ? 'current' : 'to-do'
    return {
      name,
      state: isDone ? 'done' : state === 'aborted' ? 'left-out' : open,
      at: last === undefined ? null : timeOf(last.at),
    }
  })
}

/**
 * Whose signatures a transaction has and lacks. Each key of weight that is not revoked is named, so
 * that people see who can still sign; a key without weight only when it has signed.
 */
function viewPending(pending: RotationPending, facts: RotationFacts | undefined) {
  const { purpose, state, transactionId, missing, referenceHeight } = pending
  const signed = facts === undefined ? new Set<number>() : signersOf(pending, facts.account)
  const named = facts?.keys.filter(
    ({ index, weight, revoked }) => signed.has(index) || (weight > 0 && !revoked),
  )
  return {
    ...{ purpose, state, transactionId, missing: missing ?? null },
    expiresAfterBlock: referenceHeight + (facts?.transactionExpiry ?? DEFAULT_EXPIRY),
    signatures: (named ?? []).map(({ index, weight, publicKey }) => ({
      ...{ index, weight, publicKey, signed: signed.has(index) },
      holder: holderView(facts?.holderOf(publicKey)),
    })),
  }
}

/** Indexes of the keys of this account that have signed. A record that cannot be read has none. */
function signersOf({ transaction }: RotationPending, address: string): ReadonlySet<number> {
  try {
    const { payloadSignatures, envelopeSignatures } = decodeTransaction(
      hexToBytes(transaction, 'transaction'),
    )
    const own = [...payloadSignatures, ...envelopeSignatures].filter(
      (signature) => signature.address === address,
    )
    return new Set(own.map(({ keyIndex }) => keyIndex))
  } catch {
    return new Set()
  }
}

const keyView = <Key extends { publicKey: string } & Algorithms>(key: Key) => ({
  publicKey: key.publicKey,
  signatureAlgorithm: key.signatureAlgorithm,
  hashAlgorithm: key.hashAlgorithm,
})
type Algorithms = { readonly signatureAlgorithm: string; readonly hashAlgorithm: string }

const copiesOf = ({ keyIndexes, weightedIndex }: NonNullable<RotationRecord['newKey']>) =>
  keyIndexes.filter((index) => index !== weightedIndex).length

/** Null for a key that the configuration does not name. */
const holderView = (held: HeldSigner | undefined) =>
  held === undefined
    ? null
    : { key: held.key, successor: held.successor, rule: ruleView(held.rule) }

/** A list of its own, since that of the configuration is frozen. */
const ruleView = (rule: KeyRule) =>
  rule === 'automatic' ? rule : { approvers: [...rule.approvers] }

const timeOf = (at: number) => new Date(at).toISOString()
