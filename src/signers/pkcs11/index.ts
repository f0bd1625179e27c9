/** Signing with keys on PKCS#11 tokens, such as HSMs. Available as `fcl-kms/signers/pkcs11`. @module */

export type { Pkcs11Limits } from './limits.ts'
export type { Pkcs11Options } from './options.ts'
export type { PinFunction } from './pin.ts'
export type { NewPkcs11Key, Pkcs11Key } from './pkcs11-key.ts'
export {
  createPkcs11Signer,
  createPkcs11Token,
  type Pkcs11Signer,
  type Pkcs11Token,
} from './pkcs11-token.ts'
export { type Pkcs11Uri, parsePkcs11Uri } from './uri.ts'
