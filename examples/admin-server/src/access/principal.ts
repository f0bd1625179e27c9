/** Who is calling, and what they may do. @module */

/** - requester: asks for transactions. - approver: approves. - operator: pause, keys. - auditor: reads all. */
export const roles = ['requester', 'approver', 'operator', 'auditor'] as const
export type Role = (typeof roles)[number]

/** 1 to 128 characters of a-z, A-Z, 0-9 and `._@:|/+-`: what approver lists and the audit trail name. */
export const principalPattern = '^[A-Za-z0-9._@:|/+-]{1,128}$'

/** One caller, authenticated. */
export type Principal = {
  /** One person or one service, however many tokens it has: see `principalPattern`. */
  readonly name: string
  readonly roles: ReadonlySet<Role>
  /** How it was authenticated. */
  readonly via: 'token' | 'session' | 'oidc'
  /** Of the token or the session; safe to log. */
  readonly credentialId: string
}
