/** What the commands of a rotation share: who signs, which key is old, which is new. @module */

import type { Transaction } from '../../crypto/transaction.ts'
import {
  describeKey,
  type KeyRetirement,
  type KeySpec,
  kmsRetirement,
  kmsVault,
  type ResumeOptions,
  type RotationReport,
  type RotationStep,
  type RotationVault,
  sealedKeyVault,
  signerVault,
} from '../../provisioning/index.ts'
import type { Context, Flags } from '../command.ts'
import { awsSettings, chainSettings, kmsSettings } from '../settings.ts'
import { usage, wholeNumber } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'
import { type OldKey, readOldKey } from './rotation-old-key.ts'
import type { OpenedRotations } from './rotation-store.ts'
import { readTransaction } from './transaction-input.ts'
import { openSealedKeys } from './wallets-options.ts'

/** Who signs, and what came back from others. */
export const signingFlags: Flags = {
  key: { value: 'id', multiple: true, help: 'A KMS key of the account that signs' },
  signed: { value: 'file', multiple: true, help: 'What others had to sign, as it came back' },
  out: {
    value: 'file',
    help: 'Where a transaction goes that others must sign; default rotation.rlp',
  },
}

/** Which key is new. */
export const newKeyFlags: Flags = {
  'new-key': { value: 'id', help: 'The new key, in KMS already; default a key is made there' },
  'new-pkcs11': { value: 'uri', help: 'The new key, on an HSM already' },
  'new-sealed': { value: 'algorithm', help: 'Seal a new key: ECDSA_secp256k1 or ECDSA_P256' },
  'wrapping-key': { value: 'arn', help: 'With --new-sealed: the KMS key that it is sealed under' },
  folder: { value: 'path', help: 'With --new-sealed: sealed keys in this folder' },
  bucket: { value: 'name', help: 'With --new-sealed: sealed keys in this bucket of S3' },
  spec: { value: 'spec', help: 'Of a key that is made in KMS; default that of --old-key' },
  'multi-region': { help: 'Allow replicas of a key that is made in KMS' },
}

/** Which key is old, and how it ends. */
export const oldKeyFlags: Flags = {
  'old-key': { value: 'id', help: 'The old key, in KMS; disabled and deleted at the end' },
  'public-key': {
    value: 'hex',
    help: 'Of the old key; without --old-key its vault is left alone',
  },
  alias: {
    value: 'alias/name',
    help: 'Names the old key, and the new one once that has its weight',
  },
  'unused-days': { value: 'n', help: 'Wait so long without a use before deletion; default 7' },
  'pending-days': { value: 'n', help: 'Days that KMS waits to delete, 7 to 30; default 30' },
  'drain-timeout': { value: 'seconds', help: 'For transactions under way, 1 to 3600; default 120' },
  'stop-before': { value: 'step', help: 'Stop before this step, see --plan' },
}

/** Options of `resumeRotation`, all but the ones that name the key. */
export async function resumeOptions(
  context: Context,
  { rotations, pools }: OpenedRotations,
): Promise<ResumeOptions & { readonly old: OldKey }> {
  const { values, signal, note } = context
  const address = values.required('address')
  const old = await readOldKey(context, await rotations.read(address))
  const retirement = retirementOf(context, old)
  const drain = values.optional('drain-timeout')
  const stopBefore = values.optional('stop-before')
  return {
    ...chainSettings(context),
    ...{ address, rotations, pools, old, signal },
    authorizer: authorizerOf(context),
    vault: await vaultOf(context, old),
    signed: await readSigned(context),
    onStep: ({ step, text }) => note(`${step}: ${text}`),
    ...(retirement === undefined ? {} : { retirement }),
    // Refused by the library unless it is one.
    ...(stopBefore === undefined ? {} : { stopBefore: stopBefore as RotationStep }),
    ...(drain === undefined
      ? {}
      : { drainTimeoutMs: 1000 * wholeNumber('--drain-timeout', drain, 1, 3600) }),
  }
}

export async function readSigned(context: Context): Promise<readonly Transaction[]> {
  const signed: Transaction[] = []
  for (const file of context.values.many('signed'))
    signed.push((await readTransaction(context, '--signed', file)).transaction)
  return signed
}

const newKeyNames = ['new-key', 'new-pkcs11', 'new-sealed'] as const

/** @param old - Of which the spec is that of a new key, unless told otherwise. */
export async function vaultOf(context: Context, old: Pick<OldKey, 'spec'>): Promise<RotationVault> {
  const { values, signal } = context
  const given = newKeyNames.filter(values.flag)
  const [kind, second] = given
  if (second !== undefined) throw usage(`--${second}`, `it does not go with --${kind}`)
  const made = ['spec', 'multi-region'].find(values.flag)
  if (kind !== undefined && made !== undefined)
    throw usage(`--${made}`, `it does not go with --${kind}`)
  const sealed = ['wrapping-key', 'folder', 'bucket'].find(values.flag)
  if (kind !== 'new-sealed' && sealed !== undefined)
    throw usage(`--${sealed}`, 'it goes with --new-sealed')
  const { client, limits } = kmsSettings(context)
  const shared = { client, ...(limits === undefined ? {} : { limits }) }
  if (kind === 'new-key') {
    // An alias may name another key tomorrow.
    const { keyArn } = await describeKey({ ...shared, keyId: values.required(kind), signal })
    return kmsVault({ ...shared, keyId: keyArn })
  }
  if (kind === 'new-pkcs11') {
    const { createPkcs11Signer } = await import('../../signers/pkcs11/index.ts')
    return signerVault(createPkcs11Signer({ uri: values.required(kind) }))
  }
  if (kind === 'new-sealed') {
    const algorithm = values.required(kind)
    if (algorithm !== 'ECDSA_secp256k1' && algorithm !== 'ECDSA_P256')
      throw usage('--new-sealed', 'it is neither ECDSA_secp256k1 nor ECDSA_P256')
    return sealedKeyVault(await openSealedKeys(context), { algorithm })
  }
  const spec = values.optional('spec') ?? old.spec
  return kmsVault({
    ...shared,
    multiRegion: values.flag('multi-region'),
    // Refused by the library unless it is one.
    ...(spec === undefined ? {} : { spec: spec as KeySpec }),
  })
}

function retirementOf(context: Context, old: OldKey): KeyRetirement | undefined {
  const { values } = context
  const given = ['alias', 'unused-days', 'pending-days'].find(values.flag)
  if (old.keyArn === undefined) {
    if (given !== undefined) throw usage(`--${given}`, 'it goes with --old-key')
    return undefined
  }
  const { client, limits } = kmsSettings(context)
  const alias = values.optional('alias')
  const unusedForDays = daysOf(context, 'unused-days', 0, 365)
  const pendingWindowInDays = daysOf(context, 'pending-days', 7, 30)
  return kmsRetirement({
    ...chainSettings(context),
    client,
    keyId: old.keyArn,
    publicKey: old.publicKey,
    addresses: [values.required('address')],
    trail: awsSettings(context),
    ...(limits === undefined ? {} : { limits }),
    ...(alias === undefined ? {} : { alias }),
    ...(unusedForDays === undefined ? {} : { unusedForDays }),
    ...(pendingWindowInDays === undefined ? {} : { pendingWindowInDays }),
  })
}

/** A number of days that the command line may give. */
export function daysOf(
  { values }: Context,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = values.optional(name)
  return text === undefined ? undefined : wholeNumber(`--${name}`, text, least, most)
}

/** Whether somebody has to do something before it goes on. */
export const isWaiting = ({ state }: RotationReport): boolean => state.startsWith('waiting')
