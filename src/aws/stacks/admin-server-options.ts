/** Options of the stack `admin-server`, checked. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertAccountOf,
  assertBoolean,
  assertEnvironment,
  assertRegions,
  assertRetention,
  assertText,
  assertTexts,
  assertWhole,
  type KeyPlace,
  placeOfKeys,
} from '../checks.ts'
import type { RoleService } from '../roles.ts'

/** Options of `adminServerStack`: plain JSON. */
export type AdminServerOptions = {
  readonly environment: string
  /** The keys that it signs with, of one account and Region: the stack is of these. */
  readonly keyArns: readonly string[]
  /** The role of the stack `signing-keys`, made for `ecs-tasks` or `ec2`. Without it the stack makes one. */
  readonly roleName: string
  readonly service: RoleService
  /** Whether the role exists. Default false. */
  readonly roleExists?: boolean
  /** Variables of the container, and the whole ARNs of the secrets that hold their values. */
  readonly secrets: { readonly DATABASE_URL: string; readonly WEBHOOK_SECRET?: string }
  readonly vpcId: string
  readonly subnetIds: readonly string[]
  /** Of these subnets: the bucket is reached by them. */
  readonly routeTableIds: readonly string[]
  /** The security group of the balancer, which alone reaches port 8080. */
  readonly balancerSecurityGroupId: string
  /** PostgreSQL: its security group, or the addresses where it is. */
  readonly database: AdminServerDatabase
  /** Days for which no record of the audit trail can be removed, by anybody. */
  readonly auditDays: number
  /** Whether it reads CloudTrail, which `audit.reconciliation` of its configuration needs. Default true. */
  readonly reconciliation?: boolean
  /** Default 365. */
  readonly logRetentionDays?: number
  /** For a task definition of ECS on Fargate, as an example. */
  readonly task?: AdminServerTask
}

type AdminServerDatabase = ({ readonly securityGroupId: string } | { readonly cidr: string }) & {
  /** Default 5432. */
  readonly port?: number
}

type AdminServerTask = {
  /** The image of its Containerfile with the configuration in it. */
  readonly image: string
  /** How people reach it: `https://` and a host. */
  readonly publicUrl: string
}

/** Options after their check. */
export type ReadyAdminServer = Required<Omit<AdminServerOptions, 'database' | 'task'>> & {
  readonly task: AdminServerTask | undefined
  /** Of a rule that lets it out to PostgreSQL. */
  readonly database: {
    readonly port: number
    readonly peer: { readonly [name: string]: string }
  }
  readonly place: KeyPlace
  readonly roleArn: string
  /** Who reads secrets, writes the log and fetches the image: ECS by a role of its own, or the server. */
  readonly starterArn: string
  /** Some key has replicas, and only DescribeKey tells where. */
  readonly describe: boolean
}

const known = [
  'environment',
  'keyArns',
  'roleName',
  'service',
  'roleExists',
  'secrets',
  'vpcId',
  'subnetIds',
  'routeTableIds',
  'balancerSecurityGroupId',
  'database',
  'auditDays',
  'reconciliation',
  'logRetentionDays',
  'task',
]

const id = (kind: string) => new RegExp(`^${kind}-[0-9a-f]{8,17}$`)

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`. */
export function readyOf(options: AdminServerOptions): ReadyAdminServer {
  assertKnownKeys(options, known)
  const { environment, keyArns, roleName, service, roleExists = false, secrets, task } = options
  const { vpcId, subnetIds, routeTableIds, balancerSecurityGroupId, auditDays } = options
  const { reconciliation = true, logRetentionDays = 365 } = options
  assertEnvironment(environment)
  const place = placeOfKeys('keyArns', keyArns)
  assertText(
    'roleName',
    roleName,
    /^[\w+=,.@-]{1,54}$/,
    'the name of a role of up to 54 characters',
  )
  if (service !== 'ecs-tasks' && service !== 'ec2')
    throw invalid('service', 'it is neither ecs-tasks nor ec2')
  assertBoolean('roleExists', roleExists)
  assertSecrets(secrets, place)
  assertText('vpcId', vpcId, id('vpc'), 'the id of a VPC')
  assertTexts('subnetIds', subnetIds, id('subnet'), 'ids of subnets')
  assertTexts('routeTableIds', routeTableIds, id('rtb'), 'ids of route tables')
  const isGroup = 'the id of a security group'
  assertText('balancerSecurityGroupId', balancerSecurityGroupId, id('sg'), isGroup)
  assertWhole('auditDays', auditDays, 1, 36_500)
  assertBoolean('reconciliation', reconciliation)
  assertRetention(logRetentionDays)
  if (task !== undefined) assertTask(task, service, place.partition)
  const roleArn = `arn:${place.partition}:iam::${place.accountId}:role/${roleName}`
  return {
    ...{ environment, keyArns, roleName, service, roleExists, secrets, vpcId, subnetIds },
    ...{ routeTableIds, balancerSecurityGroupId, auditDays, reconciliation, logRetentionDays },
    ...{ task, place, roleArn, database: databaseOf(options.database) },
    starterArn: service === 'ecs-tasks' ? `${roleArn}-execution` : roleArn,
    describe: keyArns.some((keyArn) => keyArn.includes(':key/mrk-')),
  }
}

const SECRET = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/

function assertSecrets(secrets: AdminServerOptions['secrets'], place: KeyPlace): void {
  assertKnownKeys(secrets, ['DATABASE_URL', 'WEBHOOK_SECRET'])
  if (secrets.DATABASE_URL === undefined) throw invalid('secrets.DATABASE_URL', 'it is missing')
  for (const [name, secretArn] of Object.entries(secrets)) {
    const option = `secrets.${name}`
    assertText(option, secretArn, SECRET, 'the whole ARN of a secret')
    const [, partition = '', , region = '', accountId = ''] = secretArn.split(':')
    assertAccountOf(option, { partition, accountId }, place)
    if (region !== place.region)
      throw invalid(option, `it is of the Region ${region}, and the endpoint of ${place.region}`)
  }
}

function databaseOf(database: AdminServerDatabase): ReadyAdminServer['database'] {
  const { port = 5432, ...place } =
    typeof database === 'object' && database !== null ? database : {}
  assertWhole('database.port', port, 1, 65_535)
  if ('securityGroupId' in place) {
    assertKnownKeys(place, ['securityGroupId'])
    const { securityGroupId } = place
    assertText('database.securityGroupId', securityGroupId, id('sg'), 'the id of a security group')
    return { port, peer: { DestinationSecurityGroupId: securityGroupId } }
  }
  assertKnownKeys(place, ['cidr'])
  const { cidr } = place as { readonly cidr?: unknown } // checked by the next line
  assertText('database.cidr', cidr, CIDR, 'IPv4 addresses such as 10.0.3.0/24')
  return { port, peer: { CidrIp: String(cidr) } }
}

const CIDR =
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:[89]|[12]\d|3[0-2])$/

function assertTask(task: AdminServerTask, service: string, partition: string): void {
  assertKnownKeys(task, ['image', 'publicUrl'])
  const { image, publicUrl } = task
  assertText('task.image', image, /^[\w./:@-]{1,512}$/, 'the name of an image')
  assertText(
    'task.publicUrl',
    publicUrl,
    /^https:\/\/[a-z0-9.-]{1,253}(:\d{1,5})?$/,
    'https:// and a host',
  )
  if (service !== 'ecs-tasks') throw invalid('task', 'it goes with the service ecs-tasks')
  const registry = registryOf(image)
  if (registry !== undefined) assertRegions('task.image', [registry.region], partition)
}

/** @returns Where an image of ECR is; `undefined` for one of another registry. */
export function registryOf(
  image: string,
):
  | { readonly accountId: string; readonly region: string; readonly repository: string }
  | undefined {
  const [, accountId, region, repository] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)/.exec(image) ?? []
  return accountId === undefined || region === undefined || repository === undefined
    ? undefined
    : { accountId, region, repository }
}
