/** The versions of FCL under test, with the part of FCL that the tests use declared. */

import type { AuthorizationFunction, CompositeSignature } from '../../src/index.ts'

type Arg = (value: unknown, type: unknown) => unknown

export type Mutation = {
  readonly cadence: string
  readonly args?: (arg: Arg, t: Record<string, (...types: unknown[]) => unknown>) => unknown[]
  readonly limit?: number
  readonly authz?: unknown
  readonly proposer?: unknown
  readonly payer?: unknown
  readonly authorizations?: readonly unknown[]
}

type VerifyOptions = { readonly fclCryptoContract?: string }

export type Fcl = {
  readonly config: (values: Record<string, unknown>) => unknown
  readonly mutate: (mutation: Mutation) => Promise<string>
  readonly query: (query: Omit<Mutation, 'authz'>) => Promise<unknown>
  readonly AppUtils: {
    readonly verifyUserSignatures: (
      messageHex: string,
      signatures: readonly CompositeSignature[],
      options?: VerifyOptions,
    ) => Promise<boolean>
    readonly verifyAccountProof: (
      appIdentifier: string,
      proof: { address: string; nonce: string; signatures: readonly CompositeSignature[] },
      options?: VerifyOptions,
    ) => Promise<boolean>
  }
}

/** What an authorization function is, for tests that wrap one. */
export type Authz = AuthorizationFunction

/**
 * The newest, the newest with declarations of its own, the oldest whose own Cadence is Cadence 1.0
 * (it verifies user signatures by a script), and the oldest 1.x, which still sends transactions.
 */
export const fclPackages = ['@onflow/fcl', 'fcl-1.21.9', 'fcl-1.10.0', 'fcl-1.0.0'] as const

export type FclPackage = (typeof fclPackages)[number]

/** FCL is CommonJS; some versions come without declarations, so the shape is stated here. */
export async function loadFcl(name: FclPackage = '@onflow/fcl'): Promise<Fcl> {
  const module: Fcl & { default?: Fcl } = await import(name)
  return typeof module.mutate === 'function' ? module : (module.default ?? module)
}
