/** Every function of the server. A new one is one file, and one line here. @module */

import { addProposalKeys } from './add-proposal-keys.ts'
import { createCustodialAccount } from './create-custodial-account.ts'
import { mint } from './mint.ts'
import type { FunctionTemplate } from './template.ts'
import { transfer } from './transfer.ts'

/** In the order in which they are listed. */
export const functionTemplates: readonly FunctionTemplate[] = Object.freeze([
  mint,
  transfer,
  createCustodialAccount,
  addProposalKeys,
])
