/** The stacks by the names that the command takes. @module */

import { invalid } from '../../options.ts'
import type { Template } from '../template.ts'
import { adminServerStack } from './admin-server.ts'
import type { AdminServerOptions } from './admin-server-options.ts'
import { enclaveStack } from './enclave.ts'
import type { EnclaveStackOptions } from './enclave-options.ts'
import { remoteSignerStack } from './remote-signer.ts'
import type { RemoteSignerOptions } from './remote-signer-options.ts'
import { type SealedKeysOptions, sealedKeysStack } from './sealed-keys.ts'
import { signingKeysStack } from './signing-keys.ts'
import type { SigningKeysOptions } from './signing-keys-options.ts'
import { watchStack } from './watch.ts'
import type { WatchOptions } from './watch-options.ts'

/** One stack. */
export type Stack = {
  /** What it is, in one sentence. */
  readonly description: string
  /**
   * @param options - As parsed from JSON; every field is checked.
   * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
   */
  readonly build: (options: unknown) => Template
}

/** The options are checked by the function itself: what is no object, here. */
function stack<Options extends object>(
  description: string,
  build: (options: Options) => Template,
): Stack {
  return Object.freeze({
    description,
    build(options: unknown) {
      if (typeof options !== 'object' || options === null || Array.isArray(options))
        throw invalid('options', 'it is not an object')
      return build(options as Options) // each function refuses what is not of its type
    },
  })
}

/** Names of stacks. */
export type StackName =
  | 'signing-keys'
  | 'remote-signer'
  | 'sealed-keys'
  | 'enclave'
  | 'admin-server'
  | 'watch'

/** By name. */
export const stacks: Readonly<Record<StackName, Stack>> = Object.freeze({
  'signing-keys': stack<SigningKeysOptions>(
    'keys of KMS, who may sign with them, and their aliases',
    signingKeysStack,
  ),
  'remote-signer': stack<RemoteSignerOptions>(
    'a Lambda that signs what its document allows, with one key',
    remoteSignerStack,
  ),
  'sealed-keys': stack<SealedKeysOptions>(
    'a bucket for sealed keys, the key that wraps them, and the role that opens them',
    sealedKeysStack,
  ),
  enclave: stack<EnclaveStackOptions>(
    'the parent of a Nitro enclave, and a wrapping key that serves the named images alone',
    enclaveStack,
  ),
  'admin-server': stack<AdminServerOptions>(
    'role, network and audit bucket for the container of the admin server',
    adminServerStack,
  ),
  watch: stack<WatchOptions>(
    'rules, alarms and a dashboard on the keys, and a trail where there is none',
    watchStack,
  ),
})
