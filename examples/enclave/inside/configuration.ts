/** What is measured besides the code: enclave.json, read strictly, or not at all. @module */

import { X509Certificate } from 'node:crypto'
import { isSignerError, type SignatureAlgorithm, SignerError } from 'fcl-kms'
import { createPolicy, isAddressOfChain, type PolicyRules } from 'fcl-kms/policy'
import {
  createSealedKeys,
  type DataKeyCacheLimits,
  type SealedKeyStore,
} from 'fcl-kms/signers/sealed-key'
import { createSigningService } from 'fcl-kms/signing-service'
import { parseStrictJson } from '../../../src/policy/strict-json.ts'
import { assertOneSetting, type HsmKey, readHsmKey } from './hsm-configuration.ts'
import { hostFault } from './kms-host.ts'
import { invalid, readBoolean, readNumber, readObject, readText, readTexts } from './reading.ts'

/** One key of the enclave, and what it may sign. */
export type EnclaveKey = KeyPlace & {
  readonly algorithm: SignatureAlgorithm
  /** 128 lower-case digits. With it no other key is opened, and none is made. */
  readonly publicKey?: string
  readonly accounts: readonly string[]
  readonly payload: boolean
  readonly envelope: boolean
  readonly userMessages: boolean
  readonly accountProofs: readonly string[]
}

/** Where a private key is: sealed, under the name of its record in the store, or on an HSM. */
type KeyPlace = { readonly wallet: string } | { readonly pkcs11: HsmKey }

/** All of enclave.json. */
export type EnclaveConfiguration = {
  /** Joins the encryption context, so that another enclave opens none of these keys. */
  readonly name: string
  readonly vsock: { readonly parentCid: number; readonly tcp: Readonly<Record<string, number>> }
  readonly kms: {
    readonly region: string
    readonly keyId: string
    readonly host: string
    readonly ca?: string
  }
  readonly keys: Readonly<Record<string, EnclaveKey>>
  /** Missing where no key signs transactions. */
  readonly policy?: PolicyRules
  readonly dataKeyCache?: DataKeyCacheLimits
}

/** Of the file, in bytes: scripts are in it. */
export const MAX_CONFIGURATION_BYTES = 262_144

/**
 * Makes no call.
 *
 * @throws {SignerError} `ENCLAVE_CONFIGURATION_INVALID`; the reason names the field.
 */
export function parseConfiguration(text: string): EnclaveConfiguration {
  if (Buffer.byteLength(text) > MAX_CONFIGURATION_BYTES)
    throw invalid(`it has more than ${MAX_CONFIGURATION_BYTES} bytes`)
  const parsed = parseStrictJson(text)
  if (parsed.reason !== undefined) throw invalid(parsed.reason)
  const names = ['name', 'vsock', 'kms', 'keys', 'policy', 'dataKeyCache']
  const { name, vsock, kms, keys, policy, dataKeyCache } = readObject('it', parsed.value, names)
  const read = {
    name: readText('name', name, /^[a-z0-9][a-z0-9-]{0,62}$/),
    vsock: readVsock(vsock),
    kms: readKms(kms),
    keys: readKeys(keys),
    // Checked by what they are for.
    ...(policy === undefined ? {} : { policy: policy as PolicyRules }),
    ...(dataKeyCache === undefined ? {} : { dataKeyCache: dataKeyCache as DataKeyCacheLimits }),
  }
  assertUsable(read)
  return read
}

/** The parent's side of these is taken by its helper door, KMS and the heartbeat. */
const TAKEN = [8_000, 8_001, 9_000]

function readVsock(value: unknown): EnclaveConfiguration['vsock'] {
  const { parentCid, tcp = {} } = readObject('vsock', value, ['parentCid', 'tcp'])
  const ports = Object.entries(readObject('vsock.tcp', tcp)).map(([address, port]) => {
    readText('vsock.tcp', address, /^127\.0\.0\.1:[1-9]\d{0,4}$/)
    const found = readNumber(`vsock.tcp.${address}`, port, 1, 0xffff_fffe)
    if (Number(address.split(':')[1]) > 65_535) throw invalid('vsock.tcp: a port is over 65535')
    if (TAKEN.includes(found)) throw invalid(`vsock.tcp: port ${found} is taken`)
    return [address, found] as const
  })
  return {
    parentCid: readNumber('vsock.parentCid', parentCid, 2, 0xffff_fffe),
    tcp: Object.fromEntries(ports),
  }
}

function readKms(value: unknown): EnclaveConfiguration['kms'] {
  const fields = readObject('kms', value, ['region', 'keyId', 'host', 'ca'])
  const region = readText('kms.region', fields['region'], /^[a-z]{2}(-[a-z0-9]+)+-\d$/)
  const keyId = readText('kms.keyId', fields['keyId'], /^[\x21-\x7e]{20,200}$/)
  const host = readText('kms.host', fields['host'], /^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
  const { ca } = fields
  const fault = hostFault({ region, keyId, host, isOfAws: ca === undefined })
  if (fault !== undefined) throw invalid(fault)
  return ca === undefined ? { region, keyId, host } : { region, keyId, host, ca: readCa(ca) }
}

function readCa(value: unknown): string {
  const ca = readText('kms.ca', value, /^-----BEGIN CERTIFICATE-----[\s\S]{1,20000}$/)
  try {
    new X509Certificate(ca)
    return ca
  } catch {
    throw invalid('kms.ca: it is not a certificate in PEM')
  }
}

const keyFields = [
  'wallet',
  'pkcs11',
  'algorithm',
  'publicKey',
  'accounts',
  'payload',
  'envelope',
  'userMessages',
  'accountProofs',
]

function readKeys(value: unknown): EnclaveConfiguration['keys'] {
  const entries = Object.entries(readObject('keys', value))
  if (entries.length === 0 || entries.length > 100) throw invalid('keys: it has not 1 to 100 keys')
  const keys = entries.map(
    ([name, key]) => [name, readKey(`keys.${name.slice(0, 40)}`, key)] as const,
  )
  const wallets = keys.flatMap(([, key]) => ('wallet' in key ? [key.wallet] : []))
  if (new Set(wallets).size < wallets.length) throw invalid('keys: two have one wallet')
  assertOneSetting(keys.flatMap(([, key]) => ('pkcs11' in key ? [key.pkcs11] : [])))
  return Object.fromEntries(keys)
}

function readKey(path: string, value: unknown): EnclaveKey {
  const key = readObject(path, value, keyFields)
  const { publicKey } = key
  return {
    ...readPlace(path, key),
    algorithm: readText(`${path}.algorithm`, key['algorithm'], /^ECDSA_(P256|secp256k1)$/) as
      | 'ECDSA_P256'
      | 'ECDSA_secp256k1', // as the pattern says
    ...(publicKey !== undefined && {
      publicKey: readText(`${path}.publicKey`, publicKey, /^[0-9a-f]{128}$/),
    }),
    accounts: readTexts(`${path}.accounts`, key['accounts']),
    payload: readBoolean(`${path}.payload`, key['payload']),
    envelope: readBoolean(`${path}.envelope`, key['envelope']),
    userMessages: readBoolean(`${path}.userMessages`, key['userMessages']),
    accountProofs: readTexts(`${path}.accountProofs`, key['accountProofs']),
  }
}

function readPlace(path: string, { wallet, pkcs11 }: Readonly<Record<string, unknown>>): KeyPlace {
  if ((wallet === undefined) === (pkcs11 === undefined))
    throw invalid(`${path}: it has not one of wallet and pkcs11`)
  if (pkcs11 !== undefined) return { pkcs11: readHsmKey(`${path}.pkcs11`, pkcs11) }
  return { wallet: readText(`${path}.wallet`, wallet, /^[A-Za-z0-9._:@+=-]{1,80}$/) }
}

/** Makes what will be made of it, of parts that do nothing, so that what is wrong is known by then. */
function assertUsable({ kms, keys, policy, dataKeyCache }: EnclaveConfiguration): void {
  const nothing = async () => Promise.reject(new Error('this does nothing'))
  const store: SealedKeyStore = { create: nothing, read: nothing, list: nothing, replace: nothing }
  const signer = { id: 'none', publicKey: nothing, sign: nothing }
  const cache = dataKeyCache === undefined ? {} : { dataKeyCache }
  wrapped('kms.keyId or dataKeyCache', () =>
    createSealedKeys({ kms: {}, keyId: kms.keyId, store, ...cache }),
  )
  const rules =
    policy === undefined ? {} : { policy: wrapped('policy', () => createPolicy(policy)) }
  const rights = Object.entries(keys).map(([name, { accounts, ...key }]) => {
    const { payload, envelope, userMessages, accountProofs } = key
    const may = { signer, accounts, payload, envelope, userMessages, accountProofs }
    return [name, may] as const
  })
  wrapped('keys', () => createSigningService({ keys: Object.fromEntries(rights), ...rules }))
  if (policy === undefined) return
  for (const [name, { accounts, payload, envelope }] of rights) {
    if (!accounts.every((address) => isAddressOfChain(address, policy.chainId)))
      throw invalid(`keys.${name}.accounts: one is not 0x and 16 digits of ${policy.chainId}`)
    if ((payload || envelope) && !accounts.every((address) => policy.accounts.includes(address)))
      throw invalid(`keys.${name}.accounts: one is not among those of the policy`)
  }
}

function wrapped<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (thrown) {
    if (isSignerError(thrown, 'INVALID_OPTION'))
      throw invalid(`${path}: ${thrown.context.option}: ${thrown.context.reason}`)
    if (thrown instanceof SignerError) throw invalid(`${path}: ${thrown.message}`)
    throw invalid(`${path}: it is not of this form`)
  }
}
