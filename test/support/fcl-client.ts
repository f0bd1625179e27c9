/** What the tests of Cadence use of FCL, declared here: 1.21.11 ships without declarations. @module */

/** A Cadence type, as `t` names it. */
export type CadenceType = { readonly label: string }

/** One argument with its type. */
export type CadenceArgument = { readonly value: unknown; readonly xform: CadenceType }

export type CadenceTypes = {
  readonly Address: CadenceType
  readonly Int: CadenceType
  readonly String: CadenceType
  readonly UFix64: CadenceType
  readonly UInt8: CadenceType
  readonly UInt64: CadenceType
  readonly Array: (element: CadenceType) => CadenceType
  readonly Dictionary: (entry: { key: CadenceType; value: CadenceType }) => CadenceType
  readonly Optional: (type: CadenceType) => CadenceType
}

export type Arguments = (
  arg: (value: unknown, type: CadenceType) => CadenceArgument,
  t: CadenceTypes,
) => readonly CadenceArgument[]

export type TransactionStatus = {
  /** 3 is executed, 4 sealed, 5 expired. */
  readonly status: number
  /** Empty when the transaction succeeded. */
  readonly errorMessage: string
  readonly events: readonly { readonly type: string; readonly data: unknown }[]
}

type Config = {
  (values: Readonly<Record<string, unknown>>): unknown
  readonly load: (data: { readonly flowJSON: unknown }) => Promise<void>
}

type FclClient = {
  readonly config: Config
  readonly mutate: (transaction: {
    readonly cadence: string
    readonly args: Arguments
    readonly proposer: unknown
    readonly payer: unknown
    readonly authorizations: readonly unknown[]
    readonly limit?: number
  }) => Promise<string>
  readonly query: (script: {
    readonly cadence: string
    readonly args: Arguments
  }) => Promise<unknown>
  readonly getTransactionStatus: (id: string) => unknown
  readonly send: (builders: readonly unknown[]) => Promise<unknown>
  readonly decode: (response: unknown) => Promise<unknown>
}

const name: string = '@onflow/fcl'

export const fcl: FclClient = await import(name)
