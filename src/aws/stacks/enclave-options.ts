/** Options of the stack `enclave`, checked. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertAccountOf,
  assertBoolean,
  assertEnvironment,
  assertRetention,
  assertText,
  assertTexts,
  assertWhole,
  ROLE_NAME,
} from '../checks.ts'
import { parseRoleArn, type RolePlace } from '../policies/policy-document.ts'

/** Options of `enclaveStack`: plain JSON. */
export type EnclaveStackOptions = {
  readonly environment: string
  /** Who administers the wrapping key and executes change sets that others made. */
  readonly adminRoleArn: string
  /** Who makes change sets, such as one that lets in a new image. Other people than those of the administrator. */
  readonly proposerRoleArn: string
  /** The role that the stack makes, for the parent instance. */
  readonly roleName: string
  /** `name` of the measured configuration, by which its records are bound. */
  readonly enclaveName: string
  /** Which images the wrapping key serves: 1 to 5, so that two can run while one follows the other. */
  readonly images: readonly EnclaveImage[]
  /** PCR8, the certificate that signed the image, 96 digits: needed beside PCR0 where it is given. */
  readonly pcr8?: string
  /** PCR3, the role of the parent, 96 digits: needed beside PCR0 where it is given. */
  readonly pcr3?: string
  /** Whether the PIN of an HSM is sealed, once, by the administrator. Default false. */
  readonly pkcs11?: boolean
  /** Where sealed keys lie. */
  readonly records: 'bucket' | 'secrets'
  /** An image of the parent: nitro-cli, Node.js, and in `/opt/fcl-kms` the parent's program and `enclave.eif`. */
  readonly amiId: string
  /** Default `m6i.xlarge`. It needs enclaves, and 4 processors or more. */
  readonly instanceType?: string
  /** How many instances. Default 1: the ledger of an enclave is its own. */
  readonly instances?: number
  /** Processors for the enclave, even. Default 2. */
  readonly cpuCount?: number
  /** Memory for the enclave. Default 1024. */
  readonly memoryMib?: number
  /** Keys of the measured configuration that are made when they are not there. Default none. */
  readonly keys?: readonly string[]
  /** The port of the parent's door. Default 8443. */
  readonly doorPort?: number
  /** Who reaches that port: 1 to 20. */
  readonly callers: readonly EnclaveCaller[]
  /** Addresses of the VPC; with `vpcId` and `subnetIds` of one that is there, else a /24 of one that is made. */
  readonly network: EnclaveNetwork
  /** A topic, such as that of the stack `watch`, that is told when the enclave is down. */
  readonly alarmTopicArn?: string
  /** Default 365. */
  readonly logRetentionDays?: number
}

type EnclaveImage = { readonly pcr0: string }
type EnclaveCaller = { readonly cidr: string } | { readonly securityGroupId: string }
type EnclaveNetwork = {
  readonly cidr: string
  readonly vpcId?: string
  readonly subnetIds?: readonly string[]
}

/** Options after their check. */
export type ReadyEnclave = Required<
  Omit<EnclaveStackOptions, 'images' | 'callers' | 'network' | 'pcr3' | 'pcr8' | 'alarmTopicArn'>
> & {
  readonly images: readonly string[]
  readonly registers: Readonly<Record<string, string>>
  readonly callers: readonly { readonly [name: string]: string }[]
  readonly network: EnclaveNetwork
  readonly alarmTopicArn: string | undefined
  readonly place: RolePlace
  readonly roleArn: string
}

const known = [
  ...['environment', 'adminRoleArn', 'proposerRoleArn', 'roleName', 'enclaveName', 'images'],
  ...[
    'pcr8',
    'pcr3',
    'pkcs11',
    'records',
    'amiId',
    'instanceType',
    'instances',
    'cpuCount',
    'memoryMib',
  ],
  ...['keys', 'doorPort', 'callers', 'network', 'alarmTopicArn', 'logRetentionDays'],
]

const id = (kind: string) => new RegExp(`^${kind}-[0-9a-f]{8,17}$`)
const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)'
const CIDR = new RegExp(`^(?:${OCTET}\\.){3}${OCTET}/(?:[89]|[12]\\d|3[0-2])$`)
const HALVED = new RegExp(`^(?:${OCTET}\\.){3}0/24$`)

/** @throws {SignerError} `INVALID_OPTION`. */
export function readyOf(options: EnclaveStackOptions): ReadyEnclave {
  assertKnownKeys(options, known)
  const { environment, adminRoleArn, proposerRoleArn, roleName, enclaveName, records } = options
  const { amiId, instanceType = 'm6i.xlarge', instances = 1, cpuCount = 2 } = options
  const { memoryMib = 1_024, doorPort = 8_443, logRetentionDays = 365, alarmTopicArn } = options
  const { pkcs11 = false, keys } = options
  assertEnvironment(environment)
  const place = parseRoleArn('adminRoleArn', adminRoleArn)
  assertAccountOf('proposerRoleArn', parseRoleArn('proposerRoleArn', proposerRoleArn), place)
  assertText('roleName', roleName, ROLE_NAME, 'the name of a role')
  const roleArn = `arn:${place.partition}:iam::${place.accountId}:role/${roleName}`
  assertApart(adminRoleArn, proposerRoleArn, roleArn)
  assertText('enclaveName', enclaveName, /^[a-z][a-z0-9-]{0,63}$/, 'the name of an enclave')
  if (records !== 'bucket' && records !== 'secrets')
    throw invalid('records', 'it is neither bucket nor secrets')
  assertBoolean('pkcs11', pkcs11)
  assertText('amiId', amiId, id('ami'), 'the id of an image of a machine')
  assertText('instanceType', instanceType, /^[a-z0-9-]{2,20}\.[a-z0-9]{2,20}$/, 'a type')
  assertWhole('instances', instances, 1, 4)
  assertWhole('cpuCount', cpuCount, 2, 64)
  if (cpuCount % 2 !== 0) throw invalid('cpuCount', 'it is odd: both threads of a core go together')
  assertWhole('memoryMib', memoryMib, 128, 65_536)
  if (keys !== undefined) assertKeys(keys)
  assertWhole('doorPort', doorPort, 1_024, 65_535)
  assertRetention(logRetentionDays)
  if (alarmTopicArn !== undefined) assertTopic(alarmTopicArn, place)
  return {
    ...{ environment, adminRoleArn, proposerRoleArn, roleName, enclaveName, records, amiId },
    ...{ instanceType, instances, cpuCount, memoryMib, doorPort, logRetentionDays, alarmTopicArn },
    ...{ place, roleArn, pkcs11, keys: keys ?? [], network: checkedNetwork(options.network) },
    images: checkedImages(options.images),
    registers: checkedRegisters({ PCR8: options.pcr8, PCR3: options.pcr3 }),
    callers: checkedCallers(options.callers),
  }
}

/** One person who is two of them needs nobody. */
function assertApart(adminRoleArn: string, proposerRoleArn: string, roleArn: string): void {
  const [admin, proposer, parent] = [adminRoleArn, proposerRoleArn, roleArn].map((arn) =>
    arn.toLowerCase(),
  )
  if (proposer === admin) throw invalid('proposerRoleArn', 'it is the role that administers')
  if (parent === admin) throw invalid('roleName', 'it is the role that administers')
  if (parent === proposer) throw invalid('roleName', 'it is the role that proposes')
}

function checkedImages(images: readonly EnclaveImage[]): readonly string[] {
  if (!Array.isArray(images) || images.length === 0 || images.length > 5)
    throw invalid('images', 'it is not a list of 1 to 5 images')
  const all = images.map((image) => {
    assertKnownKeys(image, ['pcr0'])
    return checkedDigits('images.pcr0', image.pcr0)
  })
  if (new Set(all).size !== all.length) throw invalid('images', 'one of them is given twice')
  return all
}

/** Of zeros are those of every enclave in debug mode, whose console and memory its parent reads. */
function checkedDigits(option: string, digits: unknown): string {
  assertText(option, digits, /^[0-9a-fA-F]{96}$/, '96 hexadecimal digits')
  const text = String(digits).toLowerCase()
  if (/^0+$/.test(text)) throw invalid(option, 'zeros are what an enclave in debug mode has')
  return text
}

/** With commas between them, they are one setting of the parent. */
function assertKeys(keys: readonly string[]): void {
  assertTexts('keys', keys, /^[\w.:/@+-]{1,128}$/, 'names of keys')
  if (keys.length > 100) throw invalid('keys', 'they are more than 100')
}

const checkedRegisters = (registers: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(registers).flatMap(([name, digits]) =>
      digits === undefined ? [] : [[name, checkedDigits(name.toLowerCase(), digits)]],
    ),
  )

function checkedCallers(callers: readonly EnclaveCaller[]): ReadyEnclave['callers'] {
  if (!Array.isArray(callers) || callers.length === 0 || callers.length > 20)
    throw invalid('callers', 'it is not a list of 1 to 20 callers')
  return callers.map((caller: EnclaveCaller) => {
    if (typeof caller === 'object' && caller !== null && 'securityGroupId' in caller) {
      assertKnownKeys(caller, ['securityGroupId'])
      const { securityGroupId } = caller
      const isGroup = 'the id of a security group'
      assertText('callers.securityGroupId', securityGroupId, id('sg'), isGroup)
      return { SourceSecurityGroupId: securityGroupId }
    }
    assertKnownKeys(caller, ['cidr'])
    assertText('callers.cidr', caller.cidr, CIDR, 'IPv4 addresses such as 10.0.3.0/24')
    return { CidrIp: caller.cidr }
  })
}

function checkedNetwork(network: EnclaveNetwork): EnclaveNetwork {
  assertKnownKeys(network, ['cidr', 'vpcId', 'subnetIds'])
  const { cidr, vpcId, subnetIds } = network
  if (vpcId === undefined && subnetIds === undefined) {
    assertText('network.cidr', cidr, HALVED, 'a /24 such as 10.71.0.0/24, for the VPC to be made')
    return { cidr }
  }
  assertText('network.cidr', cidr, CIDR, 'IPv4 addresses such as 10.0.3.0/24')
  assertText('network.vpcId', vpcId, id('vpc'), 'the id of a VPC')
  assertTexts('network.subnetIds', subnetIds, id('subnet'), 'ids of subnets')
  return network
}

function assertTopic(topicArn: unknown, place: RolePlace): void {
  const form = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/
  assertText('alarmTopicArn', topicArn, form, 'the ARN of a topic')
  const [, partition = '', , , accountId = ''] = String(topicArn).split(':')
  assertAccountOf('alarmTopicArn', { partition, accountId }, place)
}
