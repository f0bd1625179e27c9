/** What a real guest needs, as the tools prepare it. @module */
import { readFileSync } from 'node:fs'

/** Paths; see tools/lib/enclave/set-up.mjs. */
export type EnclaveTools = {
  /** A command, to which options are added. */
  readonly qemu: readonly string[]
  readonly kernel: string
  readonly modules: string
  readonly vsock: string
  readonly nsmBridge: string
  readonly init: string
  /** Node.js and its libraries, as they lie in the guest. */
  readonly node: string
  readonly goFolder: string
}

/** @returns None where they could not be prepared: set-up has said why. */
export function enclaveTools(): EnclaveTools | undefined {
  const path = process.env['FCL_KMS_ENCLAVE']
  // Proof of the cast: the file is written by tools/lib/enclave/set-up.mjs, and by nobody else.
  return path ? (JSON.parse(readFileSync(path, 'utf8')) as EnclaveTools) : undefined
}
