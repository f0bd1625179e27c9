/** All that is asked. @module */
import { adminServer } from './admin-server.ts'
import { documentsAlone } from './documents-alone.ts'
import type { Matrix } from './question.ts'
import { remoteSigner } from './remote-signer.ts'
import { sealedKeys } from './sealed-keys.ts'
import { signingKeys } from './signing-keys.ts'
import { watch } from './watch.ts'

export const matrix: Matrix = {
  ...signingKeys,
  ...remoteSigner,
  ...sealedKeys,
  ...adminServer,
  ...watch,
  ...documentsAlone,
}
