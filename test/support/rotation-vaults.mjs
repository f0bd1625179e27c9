/**
 * The keys of a rotation, opened by what JSON can say of them, so that a process that is killed and the
 * one that comes after it mean the same. See rotation-vaults.d.mts for the shapes. @module
 */
import { KMSClient } from '@aws-sdk/client-kms'
import { kmsRetirement, kmsVault, sealedKeyVault, signerVault } from 'fcl-kms/provisioning'
import { createAwsKmsSigner } from 'fcl-kms/signers/aws-kms'
import { createPkcs11Signer } from 'fcl-kms/signers/pkcs11'
import { createFileKeyStore, createSealedKeys } from 'fcl-kms/signers/sealed-key'
import { createSoftwareSigner } from 'fcl-kms/testing'

export async function openVaults({ aws, wrappingKey, wallets, hsm }) {
  const client = new KMSClient(aws)
  const closers = [() => client.destroy()]
  const sealed = createSealedKeys({
    kms: client,
    keyId: wrappingKey,
    store: await createFileKeyStore({ folder: wallets }),
  })
  const openers = {
    software: ({ algorithm, privateKey }) =>
      createSoftwareSigner({ algorithm, privateKey: Buffer.from(privateKey, 'hex') }),
    'aws-kms': ({ keyId }) => createAwsKmsSigner({ client, keyId }),
    'sealed-key': ({ id }) => sealed.signer(id),
    pkcs11({ uri }) {
      const signer = createPkcs11Signer({ uri, env: hsm })
      closers.push(() => signer.close())
      return signer
    },
  }
  const signer = (place) => openers[place.kind](place)
  return {
    client,
    sealed,
    signer,
    vault(next) {
      if (next.kind === 'aws-kms') return kmsVault({ client, spec: next.spec })
      if (next.kind === 'sealed-key') return sealedKeyVault(sealed, { algorithm: next.algorithm })
      return signerVault(signer(next.place))
    },
    retirement: (options) => kmsRetirement({ client, ...options }),
    async close() {
      for (const close of closers.reverse()) await close()
    },
  }
}
