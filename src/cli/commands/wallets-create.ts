/** `fcl-kms wallets create`. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { createWallets } from '../../provisioning/index.ts'
import { type Command, type Context, exitCodes } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags } from '../settings.ts'
import { facts, table } from '../text.ts'
import { usage, wholeNumber } from '../values.ts'
import { payerFlags, readPayer } from './accounts-create.ts'
import { createKmsWallet } from './wallets-kms.ts'
import { isKmsWallet, openBook, openSealedKeys, sealedFlags } from './wallets-options.ts'

/** Wallets that are shown; the list shows the others. */
const MAX_SHOWN = 20

export const walletsCreate: Command = {
  name: 'wallets create',
  summary:
    'Create wallets, each a key with an account that a treasury pays for; run again, it goes on',
  flags: {
    id: { value: 'id', multiple: true, help: 'A wallet with a sealed key' },
    count: { value: 'n', help: 'So many wallets, --prefix with 1 to n, instead of --id' },
    prefix: { value: 'text', help: 'How the ids of --count begin' },
    ...sealedFlags,
    key: { value: 'alias/name', help: 'One wallet with a key in KMS, made where there is none' },
    algorithm: { value: 'name', help: 'ECDSA_secp256k1 (default) or ECDSA_P256' },
    hash: { value: 'name', help: 'SHA3_256 (default) or SHA2_256' },
    batch: { value: 'n', help: 'Accounts in one transaction, 1 to 30; default 25' },
    ...payerFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --count 1000 --prefix user- --payer 0x1d007d755531709b --payer-key alias/treasury',
    '--network emulator --key alias/alice --payer emulator',
  ],
  async run(context) {
    const algorithm = algorithmOf(context)
    const hashAlgorithm = hashOf(context)
    if (isKmsWallet(context)) return createKmsWallet(context, { algorithm, hashAlgorithm })
    const { values, signal } = context
    const batch = values.optional('batch')
    const wanted = wantedOf(context)
    const keys = await openSealedKeys(context)
    const book = await openBook(context)
    const payer = await readPayer(context)
    const made = await createWallets({
      ...chainSettings(context),
      ...wanted,
      ...{ keys, book, payer, algorithm, hashAlgorithm, signal },
      ...(batch === undefined ? {} : { batchSize: wholeNumber('--batch', batch, 1, 30) }),
      onProgress: ({ done, asked, transactionId }) =>
        context.note(`${done} of ${asked} wallets, transaction ${transactionId}`),
    })
    const { wallets, created, refused, chainId } = made
    const lines = [
      ...facts([
        ['chain', chainId],
        ['created', `${created}`],
        ['were there', `${wallets.length - created}`],
      ]),
      ...table(wallets.slice(0, MAX_SHOWN).map(({ id, address }) => [`  ${id}`, address])),
      ...(wallets.length > MAX_SHOWN ? ['  and more: see fcl-kms wallets list'] : []),
      ...refused.map(({ id, code }) => `refused  ${id}: ${code}`),
    ]
    const exitCode = refused.length === 0 ? exitCodes.ok : exitCodes.failed
    return { value: made, lines, exitCode }
  },
}

function wantedOf({ values }: Context) {
  const ids = values.many('id')
  const count = values.optional('count')
  if ((ids.length === 0) === (count === undefined))
    throw usage('--id', 'give either --id or --count')
  if (count === undefined) {
    if (values.flag('prefix')) throw usage('--prefix', 'it goes with --count')
    return { ids }
  }
  return { count: wholeNumber('--count', count, 1, 10_000), prefix: values.required('prefix') }
}

function algorithmOf({ values }: Context): SignatureAlgorithm {
  const name = values.optional('algorithm') ?? 'ECDSA_secp256k1'
  if (name === 'ECDSA_secp256k1' || name === 'ECDSA_P256') return name
  throw usage('--algorithm', 'it is neither ECDSA_secp256k1 nor ECDSA_P256')
}

function hashOf({ values }: Context): HashAlgorithm {
  const name = values.optional('hash') ?? 'SHA3_256'
  if (name === 'SHA3_256' || name === 'SHA2_256') return name
  throw usage('--hash', 'it is neither SHA3_256 nor SHA2_256')
}
