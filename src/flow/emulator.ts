/** What is known of every emulator that this project starts. @module */

/** The chain id of every emulator that was not told another. */
export const emulatorChainId: string = 'flow-emulator'

/** The service account of every emulator. */
export const emulatorServiceAddress: string = '0xf8d6e0586b0a20c7'

/**
 * The service key that this project's emulators are started with: 32 bytes as hexadecimal, P-256,
 * SHA3-256. SHA-256 of `fcl-kms emulator service key`: public, and worthless outside an emulator.
 */
export const emulatorServicePrivateKey: string =
  '1a0fcc98226d12daed3eb650878e5e83bc9b7f3a99a5445ee1c3f2e7067b8efc'
