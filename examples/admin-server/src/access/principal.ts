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
  /** Of the token (`tk_…`), the session (`ss_…`) or the JWT (`jwt_…`); safe to log. */
  readonly credentialId: string
  /** Milliseconds since 1970: the credential ends then, unless it is revoked before. */
  readonly expiresAt?: number
}

const namePattern = new RegExp(principalPattern)
const known: ReadonlySet<string> = new Set(roles)

/** Whether it is a name that lists and records can hold. `server` is the server itself. */
export const isPrincipalName = (name: unknown): name is string =>
  typeof name === 'string' && namePattern.test(name) && name !== 'server'

/** Whether it is one of `roles`. */
export const isRole = (role: unknown): role is Role => typeof role === 'string' && known.has(role)
