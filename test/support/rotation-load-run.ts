/** One rotation while other processes mint from the same account, and what must hold of both. @module */

import { KmsAuthorizer } from '../../src/index.ts'
import type { FlowChain } from './flow-chain.ts'
import { createMintAccount } from './mint-relay.ts'
import { faultsOfEnd, type Kill, rotateThroughKills } from './rotation-kills.ts'
import { type Load, type LoadAudit, startLoad } from './rotation-load.ts'
import { type RotationProcessOptions, type RotationTrap, runRotation } from './rotation-process.ts'
import { faultsAfter } from './rotation-proof.ts'
import type { KeyPlace, NewKeyPlace } from './rotation-vaults.mjs'
import type { Combination, RotationWorld } from './rotation-world.ts'
import { until } from './until.ts'

/** What is chosen of a run. */
export type LoadRunOptions = {
  readonly combination: Combination
  readonly databaseUrl: string
  /** Processes that mint. */
  readonly processes: number
  /** Mints at a time, of each process. */
  readonly lanes: { readonly relay: number; readonly fcl: number }
  /** Proposal keys, of the old key and of the new one. */
  readonly copies: number
  /** At least so many before the swap begins, and so many again after the end. */
  readonly mints: number
  /** Kills on the way. Default none. */
  readonly traps?: readonly RotationTrap[]
}

/** What came of it. */
export type LoadRun = LoadAudit & {
  readonly kills: readonly Kill[]
  /** From the first process of the second half, which drains and swaps, to the end. */
  readonly rotationMs: number
  /** Mints that were asked for meanwhile. */
  readonly meanwhile: number
  readonly blocks: number
  /** Of the rotation, and of the weights. */
  readonly faults: readonly string[]
}

/**
 * The new key is made, added and proved before the load begins, whose processes have both signers: as
 * after a deployment that made the new one known. From the drain on it is rotated under load.
 */
export async function rotateUnderLoad(
  world: RotationWorld,
  options: LoadRunOptions,
): Promise<LoadRun> {
  const { combination, databaseUrl, copies, traps = [] } = options
  const { chain, vaults, places } = world
  const account = await world.createAccount(combination, copies)
  const { address, since } = account
  const held = [account.old, ...account.others]
  const authorizer = KmsAuthorizer.fromSigners(held.map(vaults.signer), { accessNode: chain.url })
  const minting = await createMintAccount(chain, 0, {
    account: { address, authorizer },
    fund: (to) => fund(chain, to),
  })
  const rotation: Omit<RotationProcessOptions, 'errand' | 'trap'> = {
    accessNode: chain.url,
    address,
    publicKey: account.oldPublicKey,
    held,
    next: account.next,
    places,
    store: { databaseUrl },
    retire: account.retire,
  }
  const first = await runRotation({
    ...rotation,
    errand: 'rotate',
    wish: { hashAlgorithm: combination.next.hashAlgorithm, copies },
    settings: { stopBefore: 'drain' },
  })
  const newKey = first.report?.newKey
  if (first.report?.state !== 'stopped' || newKey === undefined)
    throw new Error(`it did not stop before the drain: ${JSON.stringify(first)}`)
  const next = placeOf(account.next, newKey.reference)

  await using load: Load = await startLoad({
    ...{ accessNode: chain.url, address, held: [...held, next], places, databaseUrl },
    ...{ account: minting, processes: options.processes, lanes: options.lanes },
  })
  await until(() => load.minted() >= options.mints)
  const [started, before] = [performance.now(), load.asked()]
  const killed = await rotateThroughKills(rotation, traps)
  const rotationMs = Math.round(performance.now() - started)
  const [after, minted] = [load.asked(), load.minted()]
  await until(() => load.minted() >= minted + options.mints)
  await load.stop()

  const audit = await load.audit(chain, since)
  const weights = await world.checkWeights(account, [newKey.publicKey])
  const expected = { newKey, signer: vaults.signer(next), copies }
  const faults = [
    ...faultsOfEnd(killed, 'done'),
    ...weights.faults,
    ...(await faultsAfter(world, account, expected)),
  ]
  return {
    ...audit,
    kills: killed.kills,
    rotationMs,
    meanwhile: after - before,
    blocks: weights.blocks,
    faults,
  }
}

const fundCadence = `import FungibleToken from 0xee82856bf20e2aa6
import FlowToken from 0x0ae53cb6e3f42a79

transaction(to: Address) {
  prepare(signer: auth(BorrowValue) &Account) {
    let flow = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
      from: /storage/flowTokenVault
    )!
    getAccount(to).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
      .deposit(from: <- flow.withdraw(amount: 10.0))
  }
}`

/** Without FLOW an account has room for some 300 NFTs. */
async function fund(chain: FlowChain, to: string): Promise<void> {
  const { errorMessage } = await chain.send({
    cadence: fundCadence,
    args: (arg, t) => [arg(to, t['Address'])],
    authz: chain.service,
  })
  if (errorMessage !== '') throw new Error(errorMessage)
}

/** Where the new key lies, once it is made. */
function placeOf(next: NewKeyPlace, reference: string): KeyPlace {
  if (next.kind === 'signer') return next.place
  return next.kind === 'aws-kms'
    ? { kind: 'aws-kms', keyId: reference }
    : { kind: 'sealed-key', id: reference }
}
