/** Tokens of HSMs: one process of the module for each, that logs in by a PIN that KMS opens. @module */

import type { Signer } from 'fcl-kms'
import { createPkcs11Token, type Pkcs11Token } from 'fcl-kms/signers/pkcs11'
import type { HsmKey } from './hsm-configuration.ts'

/** Tokens of the configuration. */
export type Hsms = {
  readonly signer: (key: HsmKey) => Signer
  /** Logs out everywhere. */
  readonly close: () => Promise<void>
}

/**
 * Makes no call: a token is logged in to when its first key is asked for, and again when the process of
 * its module had to be replaced.
 *
 * @param openPin - Asked at each of these logins.
 */
export function createHsms(openPin: (key: HsmKey) => Promise<Uint8Array>): Hsms {
  const tokens = new Map<string, Pkcs11Token>()
  return Object.freeze({
    signer(key) {
      const { uri, place, env } = key
      const token = tokens.get(place) ?? createPkcs11Token({ uri, env, pin: () => openPin(key) })
      tokens.set(place, token)
      return token.signer(key.key)
    },
    async close() {
      await Promise.all([...tokens.values()].map((token) => token.close()))
    },
  } satisfies Hsms)
}
