/** What `keys create` and `keys show` do with `--pkcs11`. @module */

import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import type { Pkcs11Key, Pkcs11Token } from '../../signers/pkcs11/index.ts'
import type { Context, Flags } from '../command.ts'
import { timeoutMs } from '../settings.ts'
import { facts } from '../text.ts'
import { usage } from '../values.ts'

/** Needs no more than the URI: the PIN is where its pin-source says. */
export const pkcs11Flags: Flags = {
  pkcs11: { value: 'uri', help: 'PKCS#11 URI of a key on an HSM, with module-path and pin-source' },
}

const algorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  ECC_SECG_P256K1: 'ECDSA_secp256k1',
  ECC_NIST_P256: 'ECDSA_P256',
}

type Shown = { readonly value: Pkcs11Key; readonly lines: readonly string[] }

/** @returns The key, with the lines that show it; `undefined` without `--pkcs11`. */
export async function showPkcs11Key(context: Context): Promise<Shown | undefined> {
  const given = await openToken(context, ['key', 'address', 'region', 'profile', 'endpoint'])
  if (given === undefined) return undefined
  const { token, key } = given
  return shown(token, () => token.showKey(key, { signal: context.signal }))
}

/** Makes the key that the URI names by `object`, and `id` if it has one. */
export async function createPkcs11Key(context: Context): Promise<Shown | undefined> {
  const refused = ['alias', 'tag', 'description', 'multi-region', 'region', 'profile', 'endpoint']
  const given = await openToken(context, refused)
  if (given === undefined) return undefined
  const { token } = given
  const { values, signal } = context
  const spec = values.optional('spec') ?? 'ECC_SECG_P256K1'
  const algorithm = Object.hasOwn(algorithms, spec) ? algorithms[spec] : undefined
  if (algorithm === undefined)
    throw usage('--spec', 'it is neither ECC_SECG_P256K1 nor ECC_NIST_P256')
  const { label, id } = given.key
  if (label === undefined)
    throw usage('--pkcs11', 'its object, the label of the new key, is missing')
  const key = { label, algorithm, ...(id === undefined ? {} : { id }) }
  return shown(token, () => token.createKey(key, { signal }))
}

/** @param refused - Options that say something of KMS or a chain only. */
async function openToken(
  context: Context,
  refused: readonly string[],
): Promise<
  { readonly token: Pkcs11Token; readonly key: { label?: string; id?: string } } | undefined
> {
  const { values } = context
  const uri = values.optional('pkcs11')
  if (uri === undefined) return undefined
  const other = refused.find((name) => values.flag(name))
  if (other !== undefined) throw usage(`--${other}`, 'it does not go with --pkcs11')
  const { createPkcs11Token, parsePkcs11Uri } = await import('../../signers/pkcs11/index.ts')
  const limit = timeoutMs(context)
  const limits =
    limit === undefined
      ? {}
      : { callTimeoutMs: limit, startTimeoutMs: limit, totalTimeoutMs: limit }
  return { token: createPkcs11Token({ uri, ...limits }), key: parsePkcs11Uri(uri).key }
}

async function shown(token: Pkcs11Token, ask: () => Promise<Pkcs11Key>): Promise<Shown> {
  const key = await ask().finally(token.close)
  const yesOrNo = (value: boolean | undefined) =>
    value === undefined ? 'not told' : value ? 'yes' : 'no'
  const lines = facts([
    ['URI', key.uri],
    ['label', key.label],
    ['id', key.id],
    ['token', `${key.token.label} (${key.token.manufacturer} ${key.token.model})`],
    ['serial', key.token.serial],
    ['made on the token', yesOrNo(key.local)],
    ['never extractable', yesOrNo(key.neverExtractable)],
    ['signature algorithm', key.signatureAlgorithm],
    ['Flow public key', key.publicKey],
  ])
  return { value: key, lines }
}
