/** The keys of the configuration: opened only as what it says, and made only where there is none. @module */

import { isSignerError, type Signer, SignerError } from 'fcl-kms'
import { bytesToHex } from 'fcl-kms/crypto'
import type { SealedKeys } from 'fcl-kms/signers/sealed-key'
import type { ServiceKey } from 'fcl-kms/signing-service'
import type { EnclaveConfiguration, EnclaveKey } from './configuration.ts'
import type { Hsms } from './hsms.ts'

/** What the control door answers of a key. */
export type KeyDescription = {
  readonly key: string
  /** 128 lower-case digits. */
  readonly publicKey: string
  readonly signatureAlgorithm: EnclaveKey['algorithm']
}

/** Keys by the names that clients ask for. */
export type EnclaveKeys = {
  readonly ofService: Readonly<Record<string, ServiceKey>>
  /**
   * @returns What is there, opened; else what was made.
   * @throws {SignerError} `SIGNING_KEY_UNKNOWN`; `SEALED_KEY_NOT_FOUND` where the configuration names the
   * public key of what is not there; `SEALED_KEY_INVALID`, and the codes of KMS and of the store. What
   * is on an HSM is never made: the `PKCS11_…` codes.
   */
  readonly create: (name: string) => Promise<KeyDescription>
}

export function createEnclaveKeys(
  keys: EnclaveConfiguration['keys'],
  sealed: SealedKeys,
  hsms: Hsms,
): EnclaveKeys {
  const entries = Object.entries(keys).map(([name, key]) => {
    const { accounts, payload, envelope, userMessages, accountProofs } = key
    const rights = { accounts, payload, envelope, userMessages, accountProofs }
    const open = () => ('wallet' in key ? sealed.signer(key.wallet) : hsms.signer(key.pkcs11))
    return [name, { signer: asConfigured(open, key), ...rights }] as const
  })
  const signers = new Map(entries.map(([name, { signer }]) => [name, signer]))
  let last: Promise<unknown> = Promise.resolve()

  async function describe(name: string, signer: Signer): Promise<KeyDescription> {
    const { bytes, algorithm } = await signer.publicKey()
    return { key: name, publicKey: bytesToHex(bytes), signatureAlgorithm: algorithm }
  }

  async function create(name: string, signer: Signer, key: EnclaveKey): Promise<KeyDescription> {
    if (!('wallet' in key)) return describe(name, signer)
    const { wallet, algorithm } = key
    try {
      return await describe(name, signer)
    } catch (thrown) {
      if (!isSignerError(thrown, 'SEALED_KEY_NOT_FOUND') || key.publicKey !== undefined)
        throw thrown
    }
    const made = await sealed.create(wallet, { algorithm }).catch((thrown: unknown) => {
      if (isSignerError(thrown, 'SEALED_KEY_EXISTS')) return undefined // by another enclave, just now
      throw thrown
    })
    const found = await describe(name, signer)
    if (made !== undefined && made.publicKey !== found.publicKey)
      throw new SignerError('SEALED_KEY_INVALID', { id: wallet })
    return found
  }

  return {
    ofService: Object.fromEntries(entries),
    create(name) {
      const signer = signers.get(name)
      const key = keys[name]
      if (signer === undefined || key === undefined)
        return Promise.reject(new SignerError('SIGNING_KEY_UNKNOWN', { key: name }))
      const turn = last.then(() => create(name, signer, key))
      last = turn.catch(() => undefined)
      return turn
    },
  }
}

/** The same, and an error for a key that is another than the measured one. */
function asConfigured(open: () => Signer, measured: EnclaveKey): Signer {
  const { publicKey, algorithm } = measured
  let signer = open()
  return Object.freeze({
    id: signer.id,
    async publicKey(options) {
      const found = await signer.publicKey(options)
      const isOther = publicKey !== undefined && bytesToHex(found.bytes) !== publicKey
      if (!isOther && found.algorithm === algorithm) return found
      const { id } = signer
      signer = open() // the one before holds fast to what it opened first
      throw otherKey(id, measured)
    },
    // Whoever wraps it asks for the public key first, and verifies by that.
    sign: (request) => signer.sign(request),
  } satisfies Signer)
}

const otherKey = (id: string, key: EnclaveKey): SignerError =>
  'wallet' in key
    ? new SignerError('SEALED_KEY_INVALID', { id: key.wallet })
    : new SignerError('PKCS11_KEY_CHANGED', { key: id })
