/** `fcl-kms sign message`. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import type { AuthorizeOptions } from '../../authorizer/selection.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import type { Command, Context } from '../command.ts'
import { chainFlags, kmsFlags } from '../settings.ts'
import { table } from '../text.ts'
import { usage, wholeNumber } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'

/** Which account signs, and with what. */
export const signerFlags: Command['flags'] = {
  address: { value: 'address', help: 'The account that signs' },
  key: { value: 'id', multiple: true, help: 'A KMS key of the account' },
  'key-index': {
    value: 'n',
    multiple: true,
    help: 'Sign with exactly these account keys; default the fewest that reach 1000',
  },
}

/** What is signed. */
export const messageFlags: Command['flags'] = {
  message: { value: 'hex', help: 'The message in hexadecimal, without 0x' },
  text: { value: 'text', help: 'The message as text, instead of --message' },
}

export const signMessage: Command = {
  name: 'sign message',
  summary: 'Sign a user message, as fcl.AppUtils.verifyUserSignatures verifies it',
  flags: {
    ...signerFlags,
    ...messageFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --address 0x1d007d755531709b --key alias/flow-minter --text "hello"',
    '--network testnet --address 0x1d007d755531709b --key alias/a --key alias/b --message 68656c6c6f --json',
  ],
  async run(context) {
    const { values } = context
    const address = values.required('address')
    return signUserMessage(context, readMessage(context), authorizerOf(context), address)
  },
}

/** @param message - Hexadecimal. */
export async function signUserMessage(
  context: Context,
  message: string,
  authorizer: KmsAuthorizer,
  address: string,
): ReturnType<Command['run']> {
  const signatures = await authorizer.signUserMessage(address, message, selectionOf(context))
  const rows = signatures.map(({ addr, keyId, signature }) => [addr, `index ${keyId}`, signature])
  return { value: signatures, lines: table(rows) }
}

/** @returns Hexadecimal. */
export function readMessage({ values }: Context): string {
  const hex = values.optional('message')
  const text = values.optional('text')
  if ((hex === undefined) === (text === undefined))
    throw usage('--message', 'give either --message or --text')
  return hex ?? bytesToHex(new TextEncoder().encode(text))
}

/** The key indexes, and the signal of the user. */
export function selectionOf({ values, signal }: Context): AuthorizeOptions {
  const indexes = values.many('key-index')
  const keyIndexes = indexes.map((text) => wholeNumber('--key-index', text, 0, 0xffff_ffff))
  return indexes.length === 0 ? { signal } : { signal, keyIndexes }
}
