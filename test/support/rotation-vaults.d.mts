import type { KMSClient } from '@aws-sdk/client-kms'
import type { SignatureAlgorithm, Signer } from '../../src/index.ts'
import type { KeyRetirement, RotationVault } from '../../src/provisioning/index.ts'
import type { SealedKeys } from '../../src/signers/sealed-key/index.ts'
import type { AwsClientConfig } from '../../src/testing/start-aws.ts'

/** Where a key that exists lies. */
export type KeyPlace =
  | {
      readonly kind: 'software'
      readonly algorithm: SignatureAlgorithm
      /** 64 digits. */
      readonly privateKey: string
    }
  | { readonly kind: 'aws-kms'; readonly keyId: string; readonly alias?: string }
  | { readonly kind: 'sealed-key'; readonly id: string }
  | { readonly kind: 'pkcs11'; readonly uri: string }

/** Where a new key comes from. */
export type NewKeyPlace =
  | { readonly kind: 'aws-kms'; readonly spec: 'ECC_NIST_P256' | 'ECC_SECG_P256K1' }
  | { readonly kind: 'sealed-key'; readonly algorithm: SignatureAlgorithm }
  | { readonly kind: 'signer'; readonly place: KeyPlace }

/** How an old key in KMS ends. */
export type RetirePlace = {
  readonly keyId: string
  readonly publicKey: string
  readonly accessNode: string
  readonly unusedForDays: number
  readonly alias?: string
}

/** What processes of one world share. */
export type VaultPlaces = {
  readonly aws: AwsClientConfig
  /** ARN of the key that wraps sealed keys. */
  readonly wrappingKey: string
  /** Folder of sealed keys. */
  readonly wallets: string
  /** Environment of the process of a PKCS#11 module. */
  readonly hsm: Readonly<Record<string, string>>
}

export type Vaults = {
  readonly client: KMSClient
  readonly sealed: SealedKeys
  readonly signer: (place: KeyPlace) => Signer
  readonly vault: (next: NewKeyPlace) => RotationVault
  readonly retirement: (place: RetirePlace) => KeyRetirement
  readonly close: () => Promise<void>
}

export function openVaults(places: VaultPlaces): Promise<Vaults>
