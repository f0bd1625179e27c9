/** SoftHSM in a guest, with a token in its ramdisk: that shows the way, and protects nothing. @module */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EncryptCommand } from '@aws-sdk/client-kms'
import { hexToBytes } from '../../src/crypto/hex.ts'
import type { SignatureAlgorithm } from '../../src/index.ts'
import { createPkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { ENCLAVE_NAME, type MoreOfGuest } from './enclave-guest.ts'
import { type FileBeside, hsmCode } from './enclave-inside.ts'
import type { EnclaveTools } from './enclave-tools.ts'
import { makeSoftHsm, type SoftHsm } from './softhsm.ts'

type PublicKeyOf = { readonly algorithm: SignatureAlgorithm; readonly publicKey: Uint8Array }

/** What a guest has more that signs with an HSM. */
export type GuestHsm = MoreOfGuest & {
  /** By the names of the keys. */
  readonly publicKeys: ReadonlyMap<string, PublicKeyOf>
  readonly pin: string
  readonly [Symbol.dispose]: () => void
}

const algorithms = {
  'hsm-P256': 'ECDSA_P256',
  'hsm-secp256k1': 'ECDSA_secp256k1',
} as const satisfies Readonly<Record<string, SignatureAlgorithm>>

/** The names of its keys. */
export const hsmKeys = ['hsm-P256', 'hsm-secp256k1'] as const

export async function makeGuestHsm(tools: EnclaveTools): Promise<GuestHsm> {
  const hsm = makeSoftHsm()
  const soft = hsm.addToken('flow')
  const publicKeys = new Map<string, PublicKeyOf>()
  await using token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
  for (const [label, algorithm] of Object.entries(algorithms)) {
    const { publicKey } = await token.createKey({ label, algorithm })
    publicKeys.set(label, { algorithm, publicKey: hexToBytes(publicKey, label) })
  }
  const settings = join(hsm.folder, 'guest.conf')
  writeFileSync(settings, 'directories.tokendir = /tokens\n')
  const files = { '/etc/softhsm/softhsm2.conf': settings }
  const code = await hsmCode({ module: hsm.modulePath, files }, tools.node)
  return {
    publicKeys,
    pin: soft.pin,
    overlay: [...code, ...tokenFiles(hsm)],
    async keys({ client, keyArn }) {
      const { CiphertextBlob } = await client.send(
        new EncryptCommand({
          KeyId: keyArn,
          Plaintext: Buffer.from(soft.pin),
          EncryptionContext: { 'fcl-kms': 'pkcs11-pin', enclave: ENCLAVE_NAME, token: 'flow' },
        }),
      )
      const sealedPin = Buffer.from(CiphertextBlob ?? []).toString('base64')
      const keys = Object.entries(algorithms).map(([label, algorithm]) => {
        const uri = `pkcs11:token=flow;object=${label}?module-path=${hsm.modulePath}`
        return [label, { algorithm, pkcs11: { uri, sealedPin } }] as const
      })
      return Object.fromEntries(keys)
    },
    [Symbol.dispose]: hsm[Symbol.dispose],
  }
}

function tokenFiles(hsm: SoftHsm): readonly FileBeside[] {
  const folder = join(hsm.folder, 'tokens')
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return []
    const path = join(entry.parentPath, entry.name)
    return [{ path: `tokens${path.slice(folder.length)}`, contents: readFileSync(path) }]
  })
}
