/** By which sentences a node says that it did not take a transaction, and never will. @module */

/**
 * What a refusal means. Only said when it is certain that this node did not take the transaction.
 * - `stale`: the reference block is too old, or not known there: another block will do.
 * - `payer`: the payer cannot pay, or is limited.
 * - `invalid`: it will never be taken as it is.
 */
export type Refusal = 'stale' | 'payer' | 'invalid'

const address = '(?:0x)?[0-9a-f]{1,16}'

/**
 * What the validator says before anything is passed on, each from its first word to its last. Two end
 * in what the submitter wrote, or in a signature: of these the beginning is enough.
 *
 * @see flow-go access/validator/errors.go and flow-emulator types/errors.go
 */
const validator: readonly (readonly [RegExp, Refusal])[] = [
  [/^transaction is expired: ref_height=\d+ final_height=\d+$/, 'stale'],
  [/^unknown reference block$/, 'stale'],
  [new RegExp(`^transaction rate limited for payer \\(${address}\\)$`), 'payer'],
  [
    new RegExp(
      `^transaction payer \\(${address}\\) has insufficient balance to pay transaction fee\\. Required balance: \\(\\d+\\.\\d+\\)\\.\\s*$`,
    ),
    'payer',
  ],
  [/^failed to parse transaction Cadence script: /, 'invalid'],
  [/^transaction is missing required fields: \[[a-z_ ]*\]$/i, 'invalid'],
  [
    /^transaction gas limit \(\d+\) is not in the acceptable range \(min: \d+, max: \d+\)$/,
    'invalid',
  ],
  [/^transaction gas limit \(\d+\) exceeds the maximum gas limit \(\d+\)$/, 'invalid'],
  [/^transaction compute limit \(\d+\) exceeds the maximum compute limit \(\d+\)$/, 'invalid'],
  [
    /^transaction byte size \(\d+\) exceeds the maximum byte size allowed for a transaction \(\d+\)$/,
    'invalid',
  ],
  [new RegExp(`^invalid address: ${address}$`), 'invalid'],
  [new RegExp(`^duplicated signature for key \\(address: ${address}, index: \\d+\\)$`), 'invalid'],
  [
    new RegExp(
      `^(?:payer envelope signature|(?:proposer|authorizer) signature on either payload or envelope) is missing: missing signature is from account ${address}$`,
    ),
    'invalid',
  ],
  [new RegExp(`^unrelated account signature from address: ${address}$`), 'invalid'],
  [
    /^the cryptographic signature within the transaction signature has an invalid format: /,
    'invalid',
  ],
  [/^the transaction signature has invalid extension data: /, 'invalid'],
  [/^invalid signature: /, 'invalid'],
]

/** What the door of the REST API says of a body before it is a transaction. They quote nothing. */
const door: readonly RegExp[] = [
  /^too many arguments\. Maximum arguments allowed: \d+$/,
  /^too many authorizers\. Maximum authorizers allowed: \d+$/,
  /^(?:script|payer|proposal key|reference block|envelope signatures) not provided$/,
]

/** What stands before the sentence: of an access node, and of the emulator. */
const wrappers: readonly (readonly [number, string])[] = [
  [400, 'Invalid Flow argument: invalid transaction: '],
  [500, 'Invalid Flow request: '],
]

/**
 * Only the sentence itself counts, right behind its wrapper and under its status: a node quotes the
 * script in its errors, and folds what several collection nodes said into one.
 *
 * @param message - Of the reply; as the node wrote it.
 * @returns `undefined` when the reply proves nothing.
 */
export function refusalOf(status: number, message: string): Refusal | undefined {
  if (status === 400 && door.some((sentence) => sentence.test(message))) return 'invalid'
  for (const [expected, wrapper] of wrappers) {
    if (status !== expected || !message.startsWith(wrapper)) continue
    const said = message.slice(wrapper.length)
    return validator.find(([sentence]) => sentence.test(said))?.[1]
  }
  return undefined
}

/** The emulator refuses a transaction that it has; a network node takes it twice in silence. */
export const isDuplicate = (status: number, message: string, transactionId: string): boolean =>
  status === 500 &&
  message ===
    `Invalid Flow request: transaction with ID ${transactionId} has already been submitted`

/** The emulator, before it looks at the transaction: it executes a block and takes nothing. */
export const isBusy = (status: number, message: string): boolean =>
  status === 500 &&
  /^Invalid Flow request: pending block with ID [0-9a-f]{64} is currently being executed$/.test(
    message,
  )
