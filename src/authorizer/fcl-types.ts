/** FCL's side of the contract: what it passes in and what it expects back. @module */

/** The roles of one account in one transaction. */
export type FclRole = {
  readonly proposer: boolean
  readonly payer: boolean
  readonly authorizer: boolean
  readonly param?: boolean
}

/** The account object that FCL hands to an authorization function; more fields are passed through. */
export type FclAccount = { readonly role: FclRole }

/** The part of FCL's pre-signable that is read. `interaction` is one object per transaction. */
export type FclPreSignable = { readonly interaction?: object }

/** What FCL hands to a signing function. `message`: hexadecimal, the domain tag included. */
export type FclSignable = { readonly message: string; readonly voucher: unknown }

/** One signature as FCL and its verification functions know it. */
export type CompositeSignature = {
  readonly f_type: 'CompositeSignature'
  readonly f_vsn: '1.0.0'
  /** `0x` and 16 lower-case digits. */
  readonly addr: string
  readonly keyId: number
  /** 128 lower-case hexadecimal digits, r‖s. No 0x: FCL would read it as nothing. */
  readonly signature: string
}

/** One key of one account, resolved for FCL. */
export type ResolvedAccount = FclAccount & {
  readonly tempId: string
  /** 16 lower-case digits. */
  readonly addr: string
  readonly keyId: number
  /** Only on the proposal key, and then on every copy of it: FCL keeps the first it sees. */
  readonly sequenceNum: number | null
  readonly signature: null
  readonly resolve: null
  readonly signingFunction: (signable: FclSignable) => Promise<CompositeSignature>
}

/**
 * Takes the place of `authz`, `proposer`, `payer` and of the items of `authorizations` in
 * `fcl.mutate`.
 */
export interface AuthorizationFunction {
  /** What happens: FCL awaits it, and takes a list where an account has several keys. */
  (account: FclAccount, preSignable: FclPreSignable): Promise<readonly ResolvedAccount[]>
  /** What FCL's declarations say of the same call. With them, `fcl.mutate` compiles. */
  <Account>(account: Account): Account
}
