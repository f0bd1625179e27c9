/** Rotation of an account key: begun, and gone on with. @module */

import { randomBytes } from 'node:crypto'
import { normalizeAddress } from '../../crypto/address.ts'
import type { HashAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { SignerError } from '../../errors.ts'
import type { AccessNodeOptions } from '../../flow/access-node.ts'
import { readAccount } from '../../flow/accounts.ts'
import { assertKnownKeys, assertSignal, invalid } from '../../options.ts'
import { goBack } from './abort.ts'
import { assertResume, type ResumeOptions, resumeOptionNames } from './options.ts'
import { assertNewKey, planOf } from './plan.ts'
import { createProgress } from './progress.ts'
import { reportOf } from './report.ts'
import { run } from './run.ts'
import type { RotationPlan, RotationRecord, RotationReport } from './types.ts'
import { assertChainOf, createWorld, openNode } from './world.ts'

/** What is to be rotated, and into what. */
type Wish = {
  /** Of the old key: 128 hexadecimal digits, X‖Y. */
  readonly publicKey: string
  /** Of the new key. Default that of the old one. */
  readonly hashAlgorithm?: HashAlgorithm
  /** Keys of weight 0 of the new key, 1 to 10,000. Default as many as the old one has, at least 1. */
  readonly copies?: number
  /** The old key may be in other hands: it is revoked first, where the others reach 1,000 without it. */
  readonly emergency?: boolean
}

/** Options of `planRotation`. */
export type PlanRotationOptions = Wish & {
  readonly accessNode: string | AccessNodeOptions
  /** For example `flow-testnet`. */
  readonly chainId?: string
  readonly address: string
  readonly signal?: AbortSignal
}

/** Options of `rotateKey`. */
export type RotateKeyOptions = Wish & ResumeOptions

const wishNames: readonly (keyof Wish)[] = ['publicKey', 'hashAlgorithm', 'copies', 'emergency']

/**
 * Reads the account, and tells what a rotation would do. Nothing is made, signed or stored.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`, `MALFORMED_HEX`, `CHAIN_MISMATCH`,
 * `ACCOUNT_NOT_FOUND`, `KEY_REVOKED`, `INVALID_WEIGHT`, `WEIGHT_TOO_LOW`, the `ACCESS_NODE_…` codes.
 */
export async function planRotation(options: PlanRotationOptions): Promise<RotationPlan> {
  assertKnownKeys(options, ['accessNode', 'chainId', 'address', 'signal', ...wishNames])
  const { publicKey, hashAlgorithm, copies, emergency = false, signal } = options
  const address = normalizeAddress(options.address)
  assertSignal(signal)
  assertWish(options)
  const { node, chainId } = await openNode(options)
  const account = await readAccount(node, address, { signal })
  return planOf({
    account,
    chainId,
    publicKey,
    newHashAlgorithm: hashAlgorithm,
    copies,
    emergency,
  })
}

/**
 * Puts a new key in the place of an old one, so that at every block the account can be signed for and
 * nobody holds more than before. Each step is stored before the next; called again for the same key, it
 * goes on with the rotation that is open. It returns when all is done, and before that when others have
 * to sign (`toSign`), when the old key has to be unused for a while, or at `stopBefore`.
 *
 * @throws {SignerError} `ROTATION_OPEN` when another key of the account is being rotated; in an emergency
 * one that is over but for the end of its old key gives way. Those of `planRotation` and of `resumeRotation`.
 */
export async function rotateKey(options: RotateKeyOptions): Promise<RotationReport> {
  assertKnownKeys(options, [...resumeOptionNames, ...wishNames])
  assertResume(options)
  assertWish(options)
  const { rotations, publicKey, hashAlgorithm, copies, emergency, signed = [] } = options
  const address = normalizeAddress(options.address)
  const wanted = bytesToHex(hexToBytes(publicKey, 'publicKey'))
  const found = await rotations.read(address)
  const isSame = found?.plan.old.publicKey === wanted
  if (found?.state === 'open') {
    if (isSame) {
      assertSameWish(options, found)
      return goOn(options, found)
    }
    if (emergency !== true || !isRetiring(found)) throw openError(found)
    await giveWay(options, found)
  }
  // Called again at the very end, when nobody knows whether it was; unless the key has come back since.
  if (found?.state === 'done' && isSame) {
    const { node } = await openNode(options)
    const { keys } = await readAccount(node, address, { signal: options.signal })
    const isBack = keys.some((key) => key.publicKey === wanted && !key.revoked && key.weight > 0)
    if (!isBack) return reportOf(node, found, 'done', options)
  }
  if (signed.length > 0) throw invalid('signed', 'no rotation of this key is open')
  const { accessNode, chainId, signal } = options
  const plan = await planRotation({
    accessNode,
    address,
    publicKey,
    ...(chainId === undefined ? {} : { chainId }),
    ...(hashAlgorithm === undefined ? {} : { hashAlgorithm }),
    ...(copies === undefined ? {} : { copies }),
    ...(emergency === undefined ? {} : { emergency }),
    ...(signal === undefined ? {} : { signal }),
  })
  const record = newRecord(plan)
  if (!(await rotations.begin(record))) throw openError((await rotations.read(address)) ?? record)
  return goOn(options, record)
}

/**
 * Goes on with the rotation that is open, deciding from the chain what happened.
 *
 * @returns As `rotateKey`; that of a rotation which is over, as it is.
 * @throws {SignerError} `ROTATION_NOT_FOUND`; `ROTATION_TAKEN` when another process goes on with it;
 * `ROTATION_UNSETTLED` when it is not known what became of a transaction: run it again;
 * `ROTATION_WEIGHTS_CHANGED`, `ROTATION_DRAIN_TIMEOUT`, `ROTATION_RECORD_INVALID`; `PAYLOAD_MISMATCH`,
 * `SIGNATURE_REFUSED` for what others signed; `TRANSACTION_FAILED` when three transactions had no
 * effect; `INVALID_OPTION`, `INVALID_ADDRESS`, `CHAIN_MISMATCH`, `NO_KEY_HELD`; the codes of vault,
 * retirement, signers, stores and access node.
 */
export async function resumeRotation(options: ResumeOptions): Promise<RotationReport> {
  assertKnownKeys(options, resumeOptionNames)
  assertResume(options)
  const address = normalizeAddress(options.address)
  const found = await options.rotations.read(address)
  if (found === undefined) throw new SignerError('ROTATION_NOT_FOUND', { address })
  if (found.state === 'open') return goOn(options, found)
  const { node } = await openNode(options)
  return reportOf(node, found, found.state, options)
}

async function goOn(options: ResumeOptions, record: RotationRecord): Promise<RotationReport> {
  const { node, chainId } = await openNode(options)
  assertChainOf(record, chainId)
  const progress = createProgress(options.rotations, record, options.onStep)
  const world = createWorld(node, progress, options)
  return record.aborting === true ? goBack(world) : run(world, options.stopBefore)
}

/** The chain is done with it: what is left is the end of the old key in its vault, which may take days. */
const isRetiring = ({ plan, step }: RotationRecord) =>
  plan.steps.indexOf(step) > plan.steps.indexOf('verify')

/** A compromised key waits for no other one to retire. */
async function giveWay(options: RotateKeyOptions, record: RotationRecord): Promise<void> {
  const progress = createProgress(options.rotations, record, options.onStep)
  const { publicKey } = record.plan.old
  const text = `It gave way to an emergency: the key ${publicKey.slice(0, 16)}… is still to be ended in its vault (${record.step}).`
  await progress.save({ state: 'done' }, { text })
}

/** @throws {SignerError} `INVALID_OPTION`. */
function assertWish(wish: Wish): void {
  const { emergency } = wish
  if (emergency !== undefined && typeof emergency !== 'boolean')
    throw invalid('emergency', 'it is neither true nor false')
  assertNewKey(wish)
}

/**
 * What is open goes on as it was planned: who asks for something else must not believe to get it.
 *
 * @throws {SignerError} `INVALID_OPTION`.
 */
function assertSameWish(
  { hashAlgorithm, copies, emergency }: Wish,
  { plan }: RotationRecord,
): void {
  const differs = (option: string, wanted: unknown, planned: unknown) => {
    if (wanted === undefined || wanted === planned) return
    const reason = `the open rotation of this key was begun with ${String(planned)}: abort it first`
    throw invalid(option, reason)
  }
  differs('emergency', emergency, plan.emergency)
  differs('hashAlgorithm', hashAlgorithm, plan.hashAlgorithm)
  differs('copies', copies, plan.copies)
}

const openError = ({ address, id, step }: RotationRecord) =>
  new SignerError('ROTATION_OPEN', { address, id, step })

function newRecord(plan: RotationPlan): RotationRecord {
  const now = Date.now()
  const [step = 'done'] = plan.steps
  return {
    version: 1,
    id: randomBytes(8).toString('hex'),
    revision: 0,
    address: plan.address,
    chainId: plan.chainId,
    createdAt: now,
    updatedAt: now,
    state: 'open',
    plan,
    step,
    history: [],
  }
}
