/** What everything about requests needs. @module */

import type { Audit } from '../audit/audit.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import type { AccountKeys } from '../execution/account-keys.ts'
import type { Registry } from '../functions/registry.ts'

/** Shared by those who accept, approve, release and decide. */
export type RequestContext = {
  readonly config: Config
  readonly database: Database
  readonly audit: Audit
  readonly registry: Registry
  readonly accountKeys: AccountKeys
  /** Told of requests that changed, for whoever watches them. */
  readonly onChanged: (requestIds: readonly string[]) => void
  /** A request may be ready: the releaser looks at once. */
  readonly onReady: () => void
}
