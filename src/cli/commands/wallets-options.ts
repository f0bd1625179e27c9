/** Which wallet a command is about: one of a KMS key, or one sealed in a folder or a bucket. @module */

import { join } from 'node:path'
import type { S3ClientConfig } from '@aws-sdk/client-s3'
import { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { SignerError } from '../../errors.ts'
import {
  createFileWalletBook,
  describeKey,
  type Wallet,
  type WalletBook,
} from '../../provisioning/index.ts'
import {
  createFileKeyStore,
  createS3KeyStore,
  createSealedKeys,
  type SealedKeyStore,
  type SealedKeys,
} from '../../signers/sealed-key/index.ts'
import type { Context, Flags } from '../command.ts'
import { awsSettings, chainSettings, kmsSettings } from '../settings.ts'
import { usage } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'

/** Where sealed wallets are. */
export const placeFlags: Flags = {
  folder: { value: 'path', help: 'Sealed keys in this folder' },
  bucket: { value: 'name', help: 'Sealed keys in this bucket of S3' },
}

/** And the book of their accounts. */
export const bookFlags: Flags = {
  ...placeFlags,
  book: { value: 'path', help: 'Folder of the accounts; default book in --folder' },
}

/** What opens them. */
export const sealedFlags: Flags = {
  'wrapping-key': { value: 'arn', help: 'The KMS key that the sealed keys are under' },
  ...bookFlags,
}

/** One wallet. */
export const walletFlags: Flags = {
  id: { value: 'id', help: 'A wallet whose key is sealed' },
  ...sealedFlags,
  key: { value: 'id', help: 'A wallet whose key is in KMS, instead of --id' },
  address: { value: 'address', help: 'The account of --key; default the one in its tags' },
}

/** @returns Whether the command is about a KMS key. Options of both kinds are refused. */
export function isKmsWallet({ values }: Context): boolean {
  if (!values.flag('key')) return false
  const other = ['id', 'count', 'prefix', ...Object.keys(sealedFlags)].find(values.flag)
  if (other !== undefined) throw usage(`--${other}`, 'it does not go with --key')
  return true
}

export function openBook({ values }: Context): Promise<WalletBook> {
  const folder = values.optional('folder')
  const book = values.optional('book') ?? (folder === undefined ? undefined : join(folder, 'book'))
  if (book === undefined) throw usage('--book', 'it is missing; with --folder it is book in that')
  return createFileWalletBook({ folder: book })
}

export async function openSealedKeys(context: Context): Promise<SealedKeys> {
  const { values } = context
  const keyId = values.required('wrapping-key')
  const store = await openKeyStore(context)
  const { client, limits = {} } = kmsSettings(context)
  return createSealedKeys({ ...limits, kms: client, keyId, store })
}

export async function openKeyStore(context: Context): Promise<SealedKeyStore> {
  const { values } = context
  const folder = values.optional('folder')
  const bucket = values.optional('bucket')
  if ((folder === undefined) === (bucket === undefined))
    throw usage('--folder', 'give either --folder or --bucket')
  if (bucket === undefined) return createFileKeyStore({ folder: folder ?? '' })
  return createS3KeyStore({ client: s3Settings(context), bucket })
}

/** An endpoint of MiniStack or LocalStack has no name for each bucket. */
function s3Settings(context: Context): S3ClientConfig {
  const settings = awsSettings(context)
  return { ...settings, ...(settings.endpoint === undefined ? {} : { forcePathStyle: true }) }
}

/** A wallet that can sign. */
export type OpenWallet = {
  readonly authorizer: KmsAuthorizer
  readonly address: string
  /** Of sealed wallets: what the book says. */
  readonly wallet?: Wallet
}

/** @throws {SignerError} `WALLET_NOT_FOUND`, `WALLET_RECORD_INVALID`, `INVALID_OPTION`, `CHAIN_MISMATCH`. */
export async function openWallet(context: Context): Promise<OpenWallet> {
  if (isKmsWallet(context))
    return { authorizer: authorizerOf(context), address: await addressOfKey(context) }
  const wallet = await readWallet(context)
  const keys = await openSealedKeys(context)
  const { chainId, ...chain } = chainSettings(context)
  if (chainId !== undefined && chainId !== wallet.chainId)
    throw new SignerError('CHAIN_MISMATCH', { expected: chainId, actual: wallet.chainId })
  const authorizer = KmsAuthorizer.fromSigners(keys.signer(wallet.id), {
    ...chain,
    chainId: wallet.chainId,
  })
  return { authorizer, address: wallet.address, wallet }
}

export async function readWallet(context: Context): Promise<Wallet> {
  const { values, signal } = context
  if (values.flag('address')) throw usage('--address', 'it goes with --key')
  const id = values.required('id')
  const wallet = await (await openBook(context)).read(id, { signal })
  if (wallet === undefined) throw new SignerError('WALLET_NOT_FOUND', { id })
  return wallet
}

/** The account that the tags of a key name, and that the chain says has it at weight 1,000. */
export async function addressOfKey(context: Context): Promise<string> {
  const { values } = context
  const given = values.optional('address')
  if (given !== undefined) return given
  const accounts = await accountsOfKey(context)
  const [address] = accounts
  if (address !== undefined && accounts.length === 1) return address
  throw usage(
    '--address',
    `it is missing, and the tags of the key name ${accounts.length} accounts`,
  )
}

export async function accountsOfKey(context: Context): Promise<readonly string[]> {
  const keyId = context.values.required('key')
  const report = await describeKey({ ...kmsSettings(context), ...chainSettings(context), keyId })
  // No tags that can be read is something else than no accounts.
  const [unread] = report.unread.filter(({ part }) => part !== 'aliases')
  if (unread !== undefined)
    throw usage('--key', `its ${unread.part} cannot be read: ${unread.code}`)
  const whole = report.uses.filter(
    ({ verified, revoked, weight }) => verified && revoked !== true && weight === 1000,
  )
  const [gone] = report.uses.filter(({ verified, revoked }) => verified && revoked === true)
  if (whole.length === 0 && gone !== undefined)
    throw usage('--key', `it is revoked on ${gone.address}, as a rotated key is: name the new key`)
  return [...new Set(whole.map(({ address }) => address))]
}
