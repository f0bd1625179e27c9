/** What the stack writes into /etc/fcl-kms/enclave.env, each of one form, or no start. @module */

import { SignerError } from 'fcl-kms'
import { isHostOfKms } from '../inside/kms-host.ts'

/** What this program goes by. */
export type ParentSettings = {
  readonly region: string
  /** An absolute path. */
  readonly image: string
  readonly cpuCount: number
  readonly memoryMib: number
  /** `host:443`, of KMS in the Region. */
  readonly kmsHost: string
  readonly doorPort: number
  readonly records: { readonly bucket: string } | { readonly prefix: string }
  /** Of an agent that sends what this program says; it sends nothing itself. */
  readonly logGroup: string
  /** Keys of the measured configuration that are made when they are not there. */
  readonly keys: readonly string[]
  /** Absolute paths of folders that systemd gives. */
  readonly runtimeFolder: string
  readonly credentialsFolder: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const known = [
  'ENCLAVE_IMAGE',
  'ENCLAVE_CPU_COUNT',
  'ENCLAVE_MEMORY_MIB',
  'ENCLAVE_KEYS',
  'KMS_HOST',
  'DOOR_PORT',
  'RECORDS_BUCKET',
  'RECORDS_SECRETS',
]
const OURS = /^(ENCLAVE|KMS|DOOR|RECORDS)_/

/**
 * @param environment - Of the process. Names that begin as those of the stack do are known, or refused.
 * @throws {SignerError} `INVALID_OPTION`, with the name of the setting and never its value.
 */
export function readSettings(environment: Environment): ParentSettings {
  for (const name of Object.keys(environment))
    if (OURS.test(name) && !known.includes(name))
      throw wrong(name.slice(0, 40), `it is unknown: known are ${known.join(', ')}`)

  const text = (name: string, form: RegExp, what: string): string => {
    const value = environment[name]
    if (value === undefined || value === '')
      throw wrong(name, `it is missing: give ${what}, in ${nameOfSource(name)}`)
    if (!form.test(value))
      throw wrong(name, `it is not ${what}: correct it in ${nameOfSource(name)}`)
    return value
  }
  const count = (name: string, least: number, most: number): number => {
    const value = Number(text(name, /^\d{1,6}$/, `a whole number from ${least} to ${most}`))
    if (value >= least && value <= most) return value
    throw wrong(name, `it is not from ${least} to ${most}: correct it in ${nameOfSource(name)}`)
  }

  const region = text('AWS_REGION', /^[a-z]{2}(-[a-z]+)+-\d$/, 'a Region such as eu-central-1')
  return {
    region,
    image: text('ENCLAVE_IMAGE', PATH, 'an absolute path'),
    cpuCount: count('ENCLAVE_CPU_COUNT', 2, 64),
    memoryMib: count('ENCLAVE_MEMORY_MIB', 128, 65_536),
    kmsHost: readKmsHost(text('KMS_HOST', /^[a-z0-9.-]{1,253}:443$/, 'a host and :443'), region),
    doorPort: count('DOOR_PORT', 1_024, 65_535),
    records: readRecords(environment, text),
    logGroup: text('LOG_GROUP', /^[\w./#-]{1,512}$/, 'the name of a log group'),
    keys: readKeys(environment),
    runtimeFolder: text('RUNTIME_DIRECTORY', PATH, 'the one folder of RuntimeDirectory'),
    credentialsFolder:
      environment['CREDENTIALS_DIRECTORY'] === undefined
        ? undefined
        : text('CREDENTIALS_DIRECTORY', PATH, 'the folder of LoadCredential'),
  }
}

/** Of several folders, systemd puts a colon between two. */
const PATH = /^\/[^\p{Cc}:]*[^\p{Cc}:/]$/u

/** The way into the enclave leads to KMS alone; that its TLS ends inside holds without this. */
function readKmsHost(kmsHost: string, region: string): string {
  const host = kmsHost.slice(0, -':443'.length)
  if (isHostOfKms(host, region, region.startsWith('cn-'))) return kmsHost
  throw wrong('KMS_HOST', 'it is no host of KMS in AWS_REGION: take that of the stack')
}

function readRecords(
  environment: Environment,
  text: (name: string, form: RegExp, what: string) => string,
): ParentSettings['records'] {
  const { RECORDS_BUCKET, RECORDS_SECRETS } = environment
  if (RECORDS_BUCKET !== undefined && RECORDS_SECRETS !== undefined)
    throw wrong('RECORDS_SECRETS', 'it stands beside RECORDS_BUCKET: keep one of the two')
  if (RECORDS_SECRETS === undefined)
    return { bucket: text('RECORDS_BUCKET', /^[a-z0-9.-]{3,63}$/, 'the name of a bucket') }
  const isPrefix = 'the beginning of names of secrets'
  return { prefix: text('RECORDS_SECRETS', /^[\w/+=.@-]{1,200}$/, isPrefix) }
}

function readKeys({ ENCLAVE_KEYS }: Environment): readonly string[] {
  if (ENCLAVE_KEYS === undefined) return []
  const keys = ENCLAVE_KEYS.split(',')
  if (keys.length <= 100 && keys.every((key) => /^[\w.:/@+-]{1,128}$/.test(key))) return keys
  throw wrong('ENCLAVE_KEYS', 'it is not 1 to 100 names of keys with commas between them')
}

const nameOfSource = (name: string) =>
  name.endsWith('_DIRECTORY') ? 'the unit of systemd' : '/etc/fcl-kms/enclave.env'

const wrong = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
