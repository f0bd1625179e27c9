/** `fcl-kms wallets list`. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import type { ListedWallet, WalletBook, WalletQuery } from '../../provisioning/index.ts'
import { type Command, type Context, exitCodes } from '../command.ts'
import { table } from '../text.ts'
import { usage, wholeNumber } from '../values.ts'
import { bookFlags, openBook } from './wallets-options.ts'

export const walletsList: Command = {
  name: 'wallets list',
  summary: 'List the wallets of a book and their accounts, or find some',
  flags: {
    prefix: { value: 'text', help: 'How their ids begin' },
    address: { value: 'address', help: 'The account' },
    'public-key': { value: 'hex', help: 'The Flow public key, 128 digits' },
    limit: { value: 'n', help: 'At most so many, 1 to 1000; default 100' },
    after: { value: 'id', help: 'Begin behind this id: next of the page before' },
    folder: bookFlags['folder'] ?? { help: '' },
    book: bookFlags['book'] ?? { help: '' },
  },
  examples: [
    '--folder wallets --prefix user-1 --limit 20',
    '--book wallets/book --address 0x1d007d755531709b --json',
  ],
  async run(context) {
    const query = queryOf(context)
    const { wallets, next } = await fill(await openBook(context), query)
    const lines = [
      ...table(wallets.map(rowOf)),
      ...(next === undefined ? [] : [`more: --after ${next}`]),
    ]
    const isWhole = wallets.every((wallet) => !('invalid' in wallet))
    const value = { wallets, ...(next === undefined ? {} : { next }) }
    return { value, lines, exitCode: isWhole ? exitCodes.ok : exitCodes.failed }
  },
}

function queryOf({ values, signal }: Context): WalletQuery {
  const address = values.optional('address')
  const publicKey = values.optional('public-key')
  const key = publicKey === undefined ? undefined : hexToBytes(publicKey, 'public key')
  if (key !== undefined && key.length !== 64) throw usage('--public-key', 'it has not 128 digits')
  const [prefix, after] = [values.optional('prefix'), values.optional('after')]
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(after === undefined ? {} : { after }),
    ...(address === undefined ? {} : { address: normalizeAddress(address) }),
    ...(key === undefined ? {} : { publicKey: bytesToHex(key) }),
    limit: wholeNumber('--limit', values.optional('limit') ?? '100', 1, 1_000),
    signal,
  }
}

/** A page of a search may end before it is full. */
async function fill(book: WalletBook, query: WalletQuery) {
  const wallets: ListedWallet[] = []
  let after = query.after
  for (;;) {
    const limit = query.limit - wallets.length
    const page = await book.list({ ...query, limit, ...(after === undefined ? {} : { after }) })
    wallets.push(...page.wallets)
    after = page.next
    if (after === undefined || wallets.length >= query.limit) return { wallets, next: after }
  }
}

const rowOf = (wallet: ListedWallet) =>
  'invalid' in wallet
    ? [wallet.id, 'the record is damaged']
    : [wallet.id, wallet.address, wallet.signatureAlgorithm, wallet.publicKey]
