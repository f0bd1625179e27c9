/** What lies where in the image of an enclave. @module */
import { readFileSync } from 'node:fs'

/** @typedef {import('./ramdisk.mjs').Entry} Entry */

/**
 * The command line of the kernel; the hypervisor appends its devices. A panic ends the enclave, the
 * processor's own randomness counts until the security module's does, and only what is wrong is said.
 */
export const commandLine = 'console=ttyS0 loglevel=4 reboot=k panic=1 random.trust_cpu=on'

/** Where things are mounted in the guest. */
const folders = ['config', 'dev', 'proc', 'run', 'sys', 'tmp']

/**
 * Of the first ramdisk: all code, the same for everyone.
 *
 * @param {{ init: string, program: Uint8Array, node: readonly Entry[] }} code `init` is the path of
 *   the first process, `program` the bundle that Node.js runs
 * @returns {Entry[]}
 */
export const codeEntries = ({ init, program, node }) => [
  ...folders.map((path) => ({ path })),
  { path: 'init', contents: readFileSync(init), mode: 0o755 },
  { path: 'app/enclave.mjs', contents: program },
  ...node,
]

/**
 * Of the second: what makes an enclave yours.
 *
 * @param {Uint8Array} configuration enclave.json
 * @returns {Entry[]}
 */
export const configurationEntries = (configuration) => [
  { path: 'config/enclave.json', contents: configuration },
]
