/** What the configuration says once it is read and checked. @module */

import type { Role } from '../access/principal.ts'

/** When a key of the account signs. */
export type KeyRule =
  | 'automatic' // whenever the policy passes
  | { readonly approvers: readonly string[] } // names of principals, one of whom has approved

/** One holder of weight on the account: a key, and the one that takes its place when it is rotated. */
export type KeyHolder = {
  /** As KMS names it: id, ARN, alias or alias ARN. */
  readonly key: string
  /** Of the same holder. It never counts together with `key`. */
  readonly successor?: string
  readonly signs: KeyRule
}

/** Bounds of one function. An absent one does not bound. */
export type FunctionRules = {
  /** Who may ask for it. */
  readonly roles: readonly Role[]
  /** In one request. */
  readonly maxAmountPerRequest?: number
  /** By days in UTC, of what was decided to be signed. */
  readonly maxAmountPerDay?: number
  readonly maxAmountInAll?: number
  /** Whoever may receive; `0x` and 16 lower-case digits. Either list or pattern, or anybody. */
  readonly recipients?: { readonly allow: readonly string[] } | { readonly pattern: string }
  readonly maxComputeLimit?: number
}

/** Everything that an operator decides. Secrets come by environment only. */
export type Config = {
  readonly network: {
    /** `flow-mainnet`, `flow-testnet` or `flow-emulator`. */
    readonly chainId: string
    readonly accessNodes: readonly string[]
    /** Name → `0x` and 16 digits, of the contracts that templates import. */
    readonly contracts: Readonly<Record<string, string>>
    /** Blocks; 600 unless an emulator was started otherwise. */
    readonly transactionExpiry: number
  }
  readonly aws: { readonly region: string; readonly endpoint?: string }
  readonly account: {
    readonly address: string
    readonly keys: readonly KeyHolder[]
  }
  readonly approvals: {
    /** An approval counts that long. Default 1,440. */
    readonly validMinutes: number
    /** A request that is not approved by then is over. Default 10,080. */
    readonly requestMinutes: number
  }
  /** Only functions that are named here exist. */
  readonly functions: Readonly<Record<string, FunctionRules>>
  readonly database: { readonly url: string } | { readonly folder: string }
  readonly http: {
    readonly host: string
    readonly port: number
    /** How people reach it, for cookies and the origin check: `https://…`, or `http://` on loopback. */
    readonly publicUrl: string
    /** CIDR ranges whose X-Forwarded-For is believed. */
    readonly trustedProxies: readonly string[]
    /** CIDR ranges that may call at all; empty: any. */
    readonly allowedNetworks: readonly string[]
    readonly requestsPerSecond: {
      readonly token: number
      readonly address: number
      readonly all: number
    }
    /** `approvals`: calls that approve, pause or resume must carry a signature of the request. */
    readonly requestSignatures: 'off' | 'approvals' | 'changes'
    readonly maxConnections: number
    /** IPv6: of one /64. Those of trusted proxies count in all only. */
    readonly maxConnectionsPerAddress: number
    readonly sessionMinutes: number
  }
  readonly oidc?: {
    readonly issuer: string
    readonly audience: string
    readonly jwksUrl: string
    /** The claim that holds roles, and which of its values mean which role. */
    readonly rolesClaim: string
    readonly roles: Readonly<Record<string, Role>>
  }
  readonly webhooks: {
    /** Origins that may be called, such as `https://hooks.example.com`. Empty: no webhooks. */
    readonly allow: readonly string[]
    /** From WEBHOOK_SECRET, at least 32 bytes. */
    readonly secret?: string
  }
  readonly audit: {
    readonly anchor?:
      | { readonly file: string; readonly everyMinutes: number }
      | {
          readonly bucket: string
          readonly prefix: string
          readonly retainDays: number
          readonly everyMinutes: number
        }
    /** Compares CloudTrail's Sign events with the audit trail. Absent: it is not compared. */
    readonly reconciliation?: {
      readonly everyMinutes: number
      /** Told of each signature that is not ours; its origin is in `webhooks.allow`. */
      readonly webhookUrl?: string
    }
  }
  readonly relay: {
    readonly sendsPerSecond: number
    readonly kmsRequestsPerSecond: number
    readonly maxOpenJobs: number
    readonly batchWaitMs: number
    readonly leaseMs: number
    readonly pollMs: number
  }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' }
}
