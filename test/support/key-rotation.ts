/** Accounts of which a key is rotated, on an emulator, and what they have then. @module */

import { KmsAuthorizer, type Signer } from '../../src/index.ts'
import {
  type AbortOptions,
  createMemoryRotations,
  type ResumeOptions,
  type RotateKeyOptions,
  showAccount,
  signerVault,
} from '../../src/provisioning/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type FlowChain, type KeySpec, noop } from './flow-chain.ts'

export const software = (): Signer => createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })
export const hexOf = async (signer: Signer): Promise<string> =>
  Buffer.from((await signer.publicKey()).bytes).toString('hex')
export const refusal = (code: string, context: object = {}): unknown =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })
export const holding = (chain: FlowChain, ...signers: readonly Signer[]): KmsAuthorizer =>
  KmsAuthorizer.fromSigners([...new Set(signers)], { accessNode: chain.url })

/** What one holder has: weight, and keys of weight 0 that can propose. */
export type Share = { readonly weight: number; readonly copies: number }

/** An account, the old key of it and a new one. */
export type RotatedAccount = {
  readonly address: string
  readonly options: RotateKeyOptions
  readonly resuming: ResumeOptions
  readonly aborting: AbortOptions
  /** What the old key and the new one have. */
  readonly shares: () => Promise<{ readonly old: Share; readonly fresh: Share }>
  /** How many keys it has, revoked ones too: each transaction that is executed twice adds some. */
  readonly keyCount: () => Promise<number>
  readonly old: Signer
  readonly fresh: Signer
}

/**
 * The first of the keys is the one to rotate.
 *
 * @param held - Signers that the process has. Default all.
 * @param made - The address of an account that has these keys. Default another one.
 */
export async function rotatedAccount(
  chain: FlowChain,
  keys: readonly KeySpec[],
  held: readonly Signer[] = keys.map(({ signer }) => signer),
  made?: string,
): Promise<RotatedAccount> {
  const address = made ?? (await chain.createAccount(keys))
  const [old = software(), fresh] = [keys[0]?.signer, software()]
  const aborting = {
    accessNode: chain.url,
    chainId: 'flow-emulator',
    address,
    authorizer: holding(chain, ...held),
    rotations: createMemoryRotations(),
    vault: signerVault(fresh),
  }
  const keysOf = async () => (await showAccount({ accessNode: chain.url, address })).keys
  return {
    address,
    aborting,
    resuming: aborting,
    options: { ...aborting, publicKey: await hexOf(old) },
    async shares() {
      const unrevoked = (await keysOf()).filter(({ revoked }) => !revoked)
      const share = async (signer: Signer) => {
        const publicKey = await hexOf(signer)
        const own = unrevoked.filter((key) => key.publicKey === publicKey)
        const weight = own.reduce((sum, key) => sum + key.weight, 0)
        return { weight, copies: own.filter((key) => key.weight === 0).length }
      }
      return { old: await share(old), fresh: await share(fresh) }
    },
    keyCount: async () => (await keysOf()).length,
    old,
    fresh,
  }
}

const keysOfTwo = (one: Signer, two: Signer): readonly KeySpec[] => [
  { signer: one, weight: 500 },
  { signer: two, weight: 500 },
  { signer: one, weight: 0 },
  { signer: one, weight: 0, hashAlgorithm: 'SHA2_256' },
]

/** 500+500; the first has two copies. */
export async function twoHolders(
  chain: FlowChain,
  held?: (one: Signer, two: Signer) => readonly Signer[],
): Promise<RotatedAccount & { readonly two: Signer }> {
  const [one, two] = [software(), software()]
  return { ...(await rotatedAccount(chain, keysOfTwo(one, two), held?.(one, two))), two }
}

/** As `twoHolders`, several with the same keys. */
export async function manyOfTwo(
  chain: FlowChain,
  count: number,
): Promise<readonly RotatedAccount[]> {
  const keys = keysOfTwo(software(), software())
  const addresses = await chain.createAccounts(keys, count)
  return Promise.all(addresses.map((address) => rotatedAccount(chain, keys, undefined, address)))
}

/** Of `twoHolders`. */
export const untouched = {
  old: { weight: 500, copies: 2 },
  fresh: { weight: 0, copies: 0 },
} as const
/** Of `twoHolders`, which has this many keys then. */
export const rotated = {
  old: { weight: 0, copies: 0 },
  fresh: { weight: 500, copies: 2 },
} as const
export const ROTATED_KEYS = 7

/** @returns The message of a transaction that failed; empty when it was executed. */
export async function send(
  chain: FlowChain,
  address: string,
  ...signers: readonly Signer[]
): Promise<string> {
  const authz = holding(chain, ...signers).authorize(address)
  return (await chain.send({ cadence: noop, authz })).errorMessage
}
