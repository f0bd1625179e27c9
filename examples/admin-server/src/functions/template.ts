/** What a function of the server is: one file with one template. @module */

import type { BatchTemplate, JsonCadence } from 'fcl-kms/relay'
import type { TSchema } from 'typebox'

/** What an approver has to know of one item, as plain words and in full. */
export type Description = {
  /** For example `Mint "Ticket 7" for 0x01cf0e2f2f715450`. */
  readonly title: string
  /** Everything that will be signed, label by label; values as they are, never shortened. */
  readonly lines: readonly { readonly label: string; readonly value: string }[]
}

/** What rules look at. Read from the arguments of the decoded transaction, never from a request. */
export type Inspection = {
  /** The id that the contract fulfils once; absent where the contract keeps none. */
  readonly jobId?: string
  /**
   * `0x` and 16 lower-case digits: whoever receives something. The first receives the item itself,
   * others have a share in it, such as royalties.
   */
  readonly recipients: readonly string[]
  /** What counts against the limits of an amount: NFTs for `mint`, keys for `add-proposal-keys`. */
  readonly amount: number
}

/** One KMS-authorised function. All texts and rules about it are here. */
export type FunctionTemplate = {
  /** kebab-case; the name in the API, in the configuration and of its file. */
  readonly name: string
  /** Plain words: `Mint an NFT`. */
  readonly title: string
  /** JSON Schema of the input of one item; objects refuse unknown fields. */
  readonly input: TSchema
  /** Items in one request at most. */
  readonly maxItems: number
  /** Path below `cadence/` of the package, such as `transactions/mint-batch.cdc`. */
  readonly cadenceFile: string
  /**
   * `batch`: items share transactions, each argument becomes an array. `single`: one each, with this
   * compute limit, 1 to 9,999.
   */
  readonly submission:
    | ({ readonly kind: 'batch' } & Omit<BatchTemplate, 'cadence'>)
    | { readonly kind: 'single'; readonly computeLimit: number }
  /**
   * @param input - Valid by `input`.
   * @param jobId - The id of this item; where the contract keeps request ids it is an argument.
   * @returns The arguments, in their order, of one item.
   * @throws {AdminError} `INVALID_REQUEST` for what a schema cannot say.
   */
  readonly toArguments: (input: unknown, jobId: string) => readonly JsonCadence[]
  /** @param values - The arguments of one item, decoded from the transaction. Throws on a wrong shape. */
  readonly inspect: (values: readonly JsonCadence[]) => Inspection
  /** The title of `describe` alone: each request is found by it, and most are never described. */
  readonly titleOf: (values: readonly JsonCadence[]) => string
  /** @param values - As for `inspect`: what is shown is what is signed. */
  readonly describe: (values: readonly JsonCadence[]) => Description
  /** After it was executed the relay looks for new proposal keys. */
  readonly addsProposalKeys?: true
}
