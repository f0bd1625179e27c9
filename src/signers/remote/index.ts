/** Keys behind a signing service. Available as `fcl-kms/signers/remote`. @module */

export type { CredentialsOption, RemoteSignerCredentials } from './credentials.ts'
export type { RemoteSignerTls } from './http-transport.ts'
export type { RemoteSignerLambda } from './lambda-transport.ts'
export type { RemoteSignerLimits } from './limits.ts'
export type { RemoteSignerOptions, RemoteSignerWay } from './options.ts'
export { createRemoteSigner } from './remote-signer.ts'
export type { SigV4Scope } from './sigv4.ts'
