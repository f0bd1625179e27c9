/** A chain, vaults with real keys, and accounts of which one key is to be rotated. @module */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateAliasCommand, CreateKeyCommand } from '@aws-sdk/client-kms'
import { bytesToHex } from '../../src/crypto/hex.ts'
import type { HashAlgorithm, SignatureAlgorithm } from '../../src/index.ts'
import { createPkcs11Token, type Pkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { type FlowChain, type KeySpec, startChain } from './flow-chain.ts'
import { startKms, type TestKms } from './kms.ts'
import { type CheckedBlocks, checkWeights, sealedHeight } from './rotation-blocks.ts'
import {
  type KeyPlace,
  type NewKeyPlace,
  openVaults,
  type RetirePlace,
  type VaultPlaces,
  type Vaults,
} from './rotation-vaults.mjs'
import { makeSoftHsm, type SoftHsm, type SoftToken } from './softhsm.ts'

/** From which vault to which. */
export type RotationPath = 'KMS to KMS' | 'KMS to PKCS#11' | 'sealed to KMS'

/** A key without its bytes. */
export type Algorithms = {
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
}

/** What differs from one rotation to another. */
export type Combination = {
  /** Of the keys; the first is rotated. */
  readonly weights: readonly number[]
  readonly path: RotationPath
  readonly old: Algorithms
  readonly next: Algorithms
}

/** An account before its rotation. */
export type RotatingAccount = {
  readonly combination: Combination
  readonly address: string
  readonly old: KeyPlace
  /** 128 digits. */
  readonly oldPublicKey: string
  /** Of the other holders. */
  readonly others: readonly KeyPlace[]
  readonly next: NewKeyPlace
  /** Of an old key in KMS, with an alias. */
  readonly retire: RetirePlace | undefined
  /** Indexes of weight 0 of the old key. */
  readonly copies: readonly number[]
  /** What each holder weighs, by public key. */
  readonly before: ReadonlyMap<string, number>
  /** Of the block with the account as it was made. */
  readonly since: number
}

export type RotationWorld = AsyncDisposable & {
  readonly chain: FlowChain
  readonly kms: TestKms
  /** What processes are told, and this one has opened. */
  readonly places: VaultPlaces
  readonly vaults: Vaults
  readonly createAccount: (combination: Combination, copies?: number) => Promise<RotatingAccount>
  /** From the first block of the account to the newest. */
  readonly checkWeights: (
    account: RotatingAccount,
    newPublicKeys: readonly string[],
    options?: { readonly cut?: boolean },
  ) => Promise<CheckedBlocks>
}

const specs = { ECDSA_P256: 'ECC_NIST_P256', ECDSA_secp256k1: 'ECC_SECG_P256K1' } as const

/** @param options - `pkcs11`: with a token of SoftHSM. */
export async function startRotationWorld(options: {
  readonly blockTimeMs: number
  readonly pkcs11: boolean
}): Promise<RotationWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-rotation-'))
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const dispose = async () => {
    for (const one of undo.reverse()) await one()
  }
  try {
    const hsm = options.pkcs11 ? makeSoftHsm() : undefined
    if (hsm) undo.push(() => hsm[Symbol.dispose]())
    const [chain, kms] = await Promise.allSettled([
      startChain({ blockTimeMs: options.blockTimeMs }),
      startKms(),
    ])
    for (const part of [chain, kms])
      if (part.status === 'fulfilled') undo.push(() => part.value[Symbol.asyncDispose]())
    if (chain.status === 'rejected') throw chain.reason
    if (kms.status === 'rejected') throw kms.reason
    return await furnish({ chain: chain.value, kms: kms.value, hsm, folder, undo, dispose })
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

async function furnish(parts: {
  readonly chain: FlowChain
  readonly kms: TestKms
  readonly hsm: SoftHsm | undefined
  readonly folder: string
  readonly undo: (() => unknown)[]
  readonly dispose: () => Promise<void>
}): Promise<RotationWorld> {
  const { chain, kms, hsm, folder, undo, dispose } = parts
  const wrapping = await kms.client.send(new CreateKeyCommand({}))
  const places: VaultPlaces = {
    aws: kms.aws.clientConfig(),
    wrappingKey: wrapping.KeyMetadata?.Arn ?? '',
    wallets: join(folder, 'wallets'),
    hsm: hsm?.env ?? {},
  }
  const vaults = await openVaults(places)
  undo.push(() => vaults.close())
  const soft = hsm?.addToken('rotation')
  const token = soft && hsm && createPkcs11Token({ uri: soft.uri(), env: hsm.env })
  if (token) undo.push(() => token.close())
  let made = 0

  async function makeOld({ path, old }: Combination): Promise<KeyPlace> {
    const { signatureAlgorithm: algorithm } = old
    if (path !== 'sealed to KMS') {
      const input = { KeySpec: specs[algorithm], KeyUsage: 'SIGN_VERIFY' } as const
      const created = await kms.client.send(new CreateKeyCommand(input))
      const keyId = created.KeyMetadata?.Arn ?? ''
      const AliasName = `alias/key-${made++}`
      await kms.client.send(new CreateAliasCommand({ AliasName, TargetKeyId: keyId }))
      return { kind: 'aws-kms', keyId, alias: AliasName }
    }
    const id = `old-${made++}`
    await vaults.sealed.create(id, { algorithm })
    return { kind: 'sealed-key', id }
  }
  async function makeNext({ path, next }: Combination): Promise<NewKeyPlace> {
    const { signatureAlgorithm: algorithm } = next
    if (path !== 'KMS to PKCS#11') return { kind: 'aws-kms', spec: specs[algorithm] }
    return { kind: 'signer', place: await makeTokenKey(soft, token, algorithm, `new-${made++}`) }
  }

  return {
    chain,
    kms,
    places,
    vaults,
    async createAccount(combination, copies = 2) {
      const old = await makeOld(combination)
      const [weight = 0, ...rest] = combination.weights
      const others = rest.map((): KeyPlace => {
        const privateKey = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
        return { kind: 'software', algorithm: 'ECDSA_P256', privateKey: `0${privateKey.slice(1)}` }
      })
      const { hashAlgorithm } = combination.old
      const ours = { signer: vaults.signer(old), hashAlgorithm }
      const keys: readonly KeySpec[] = [
        { ...ours, weight },
        ...others.map((place, index) => ({
          signer: vaults.signer(place),
          weight: rest[index] ?? 0,
        })),
        ...Array.from({ length: copies }, () => ({ ...ours, weight: 0 })),
      ]
      const address = await chain.createAccount(keys)
      const before = new Map<string, number>()
      for (const { signer, weight: own } of keys.slice(0, 1 + others.length))
        before.set(bytesToHex((await signer.publicKey()).bytes), own)
      const [oldPublicKey = ''] = before.keys()
      return {
        combination,
        address,
        old,
        oldPublicKey,
        others,
        retire: retirementOf(combination, old, oldPublicKey, chain.url),
        next: await makeNext(combination),
        copies: Array.from({ length: copies }, (_, index) => 1 + others.length + index),
        before,
        since: await sealedHeight(chain.url),
      }
    },
    async checkWeights(
      { address, oldPublicKey, before, since },
      newPublicKeys,
      { cut = false } = {},
    ) {
      const rotated = [oldPublicKey, ...newPublicKeys]
      const rules = { url: chain.url, address, before, rotated, cut }
      return checkWeights(rules, { from: since, to: await sealedHeight(chain.url) })
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** At once: how long a key is to be unused before it is deleted is not what is tried here. */
function retirementOf(
  { path }: Combination,
  old: KeyPlace,
  publicKey: string,
  accessNode: string,
): RetirePlace | undefined {
  if (old.kind !== 'aws-kms') return undefined
  const { keyId, alias } = old
  // A key of a token can have no alias of KMS.
  const moved = alias !== undefined && path !== 'KMS to PKCS#11' ? { alias } : {}
  return { keyId, publicKey, accessNode, unusedForDays: 0, ...moved }
}

async function makeTokenKey(
  soft: SoftToken | undefined,
  token: Pkcs11Token | undefined,
  algorithm: SignatureAlgorithm,
  label: string,
): Promise<KeyPlace> {
  if (soft === undefined || token === undefined) throw new Error('the world has no token')
  await token.createKey({ label, algorithm })
  return { kind: 'pkcs11', uri: soft.uri(`object=${label}`) }
}
