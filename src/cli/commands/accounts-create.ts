/** `fcl-kms accounts create`. @module */

import { assertWeight } from '../../crypto/account-key-rlp.ts'
import { type HashAlgorithm, isSignatureAlgorithm } from '../../crypto/algorithms.ts'
import {
  accountKeyOf,
  createAccount,
  emulatorPayer,
  type KmsOptions,
  type NewAccountKey,
  type Payer,
} from '../../provisioning/index.ts'
import type { Command, Context } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags, kmsSettings } from '../settings.ts'
import { facts, table } from '../text.ts'
import { usage, wholeNumber } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'

/** Who pays. */
export const payerFlags: Command['flags'] = {
  payer: { value: 'address', help: 'Pays for it; "emulator" for the service account there' },
  'payer-key': { value: 'id', multiple: true, help: 'A KMS key of the payer' },
}

export const accountsCreate: Command = {
  name: 'accounts create',
  summary: 'Create a Flow account whose keys are KMS keys',
  flags: {
    key: {
      value: 'id',
      multiple: true,
      help: 'A KMS key, or <signature algorithm>:<public key> of somebody else',
    },
    weight: { value: 'n', multiple: true, help: 'Of each --key, in order; 1000 for a single key' },
    hash: {
      value: 'name',
      multiple: true,
      help: 'SHA3_256 (default) or SHA2_256; one for all, or one for each --key',
    },
    ...payerFlags,
    'allow-low-weight': { help: 'Let the weights sum to less than 1000' },
    'compute-limit': { value: 'n', help: '1 to 9999; default 600 and 40 for each key' },
    'no-tags': { help: 'Do not note the account in tags of the KMS keys' },
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network emulator --payer emulator --key alias/flow-minter',
    '--network testnet --payer 0x1d007d755531709b --payer-key alias/payer --key alias/a --weight 500 --key alias/b --weight 500 --hash SHA2_256',
  ],
  async run(context) {
    const { values, signal } = context
    const chain = chainSettings(context)
    const kms = kmsSettings(context)
    const entries = readEntries(context)
    const limit = values.optional('compute-limit')
    const payer = await readPayer(context)
    const keys = await Promise.all(entries.map((entry) => readKey(kms, entry)))
    const created = await createAccount({
      ...chain,
      ...kms,
      payer,
      keys,
      signal,
      allowLowWeight: values.flag('allow-low-weight'),
      tagKeys: !values.flag('no-tags'),
      ...(limit === undefined
        ? {}
        : { computeLimit: wholeNumber('--compute-limit', limit, 1, 9_999) }),
    })
    const lines = [
      ...facts([
        ['address', created.address],
        ['chain', created.chainId],
        ['transaction', created.transactionId],
      ]),
      ...table(
        created.keys.map((key) => [
          `  index ${key.index}`,
          `weight ${key.weight}`,
          key.signatureAlgorithm,
          key.hashAlgorithm,
          key.kmsKeyId ?? key.publicKey,
        ]),
      ),
      ...created.warnings.map(({ kmsKeyId, message }) => `warning  ${kmsKeyId}: ${message}`),
    ]
    return { value: created, lines }
  },
}

type Entry = { readonly key: string; readonly weight: number; readonly hash: string | undefined }

function readEntries({ values }: Context): readonly Entry[] {
  const keys = values.some('key')
  const given = values.many('weight')
  const weights = given.length === 0 && keys.length === 1 ? ['1000'] : given
  const hashes = values.many('hash')
  if (weights.length !== keys.length)
    throw usage('--weight', `there are ${keys.length} keys and ${weights.length} weights`)
  if (hashes.length > 1 && hashes.length !== keys.length)
    throw usage('--hash', `there are ${keys.length} keys and ${hashes.length} hash algorithms`)
  return keys.map((key, index) => ({
    key,
    weight: readWeight(weights[index] ?? ''),
    hash: hashes[hashes.length === 1 ? 0 : index],
  }))
}

function readWeight(text: string): number {
  if (!/^-?\d{1,7}(\.\d{1,8})?$/.test(text)) throw usage('--weight', 'it is not a number')
  const weight = Number(text)
  assertWeight(weight)
  return weight
}

async function readKey(kms: KmsOptions, { key, weight, hash }: Entry): Promise<NewAccountKey> {
  // createAccount refuses any other text.
  const hashAlgorithm = hash === undefined ? {} : { hashAlgorithm: hash as HashAlgorithm }
  const [algorithm = '', publicKey] = key.split(':')
  if (isSignatureAlgorithm(algorithm) && publicKey !== undefined)
    return { publicKey, signatureAlgorithm: algorithm, weight, ...hashAlgorithm }
  return accountKeyOf({ ...kms, keyId: key, weight, ...hashAlgorithm })
}

/** The account of --payer, whose keys are those of --payer-key. */
export async function readPayer(context: Context): Promise<Payer> {
  const { values, signal } = context
  const address = values.required('payer')
  if (address !== 'emulator') return { address, authorizer: authorizerOf(context, 'payer-key') }
  if (values.many('payer-key').length > 0)
    throw usage('--payer-key', 'the emulator pays with its own key')
  return emulatorPayer({ accessNode: chainSettings(context).accessNode, signal })
}
