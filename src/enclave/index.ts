/** `fcl-kms/enclave`: proof of what runs inside a Nitro enclave, and the parent's side of one. @module */

export { type AttestKeyOptions, attestKey, type KeyAttestation } from './attest-key.ts'
export {
  type Attestation,
  type AttestationExpectation,
  verifyAttestation,
} from './attestation.ts'
export type { EnclaveHealth, EnclaveKey } from './parent/control.ts'
export type { EnclaveHostEvent, EnclaveHostObserver } from './parent/events.ts'
export type { ToldEvent, ToldValue } from './parent/events-route.ts'
export type { ForwardCounts, ForwardedHosts } from './parent/forwarder.ts'
export {
  createEnclaveHost,
  type EnclaveHost,
  type EnclaveHostStats,
} from './parent/host.ts'
export type { EnclaveHostOptions } from './parent/host-options.ts'
export type { EnclaveHostLimits, SupervisorLimits } from './parent/limits.ts'
export { createNitroRunner, type NitroRunnerOptions } from './parent/nitro-runner.ts'
export type { EnclaveRunner, EnclaveState, RunningEnclave } from './parent/supervisor.ts'
export { createRecipient } from './recipient/recipient.ts'
export {
  connectSecurityModule,
  type DocumentRequest,
  type SecurityModule,
} from './recipient/security-module.ts'
