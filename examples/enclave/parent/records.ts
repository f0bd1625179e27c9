/** Where sealed keys lie, as the stack has it. @module */

import {
  createS3KeyStore,
  createSecretsManagerKeyStore,
  type SealedKeyStore,
} from 'fcl-kms/signers/sealed-key'
import type { ParentSettings } from './settings.ts'

/** Makes no call itself. */
export function recordsOf({ records, region }: ParentSettings): SealedKeyStore {
  const client = { region }
  return 'bucket' in records
    ? createS3KeyStore({ client, bucket: records.bucket })
    : createSecretsManagerKeyStore({ client, prefix: records.prefix })
}
