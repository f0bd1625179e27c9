/** Options of the stack `admin-server`, checked. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertAccountOf,
  assertEnvironment,
  assertText,
  assertTexts,
  assertWhole,
  type KeyPlace,
  placeOfKeys,
  ROLE_NAME,
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
  /** Secrets that it reads when it starts, by their whole ARNs. */
  readonly secretArns: readonly string[]
  readonly vpcId: string
  readonly subnetIds: readonly string[]
  /** Of these subnets: the bucket is reached by them. */
  readonly routeTableIds: readonly string[]
  /** The security group of the balancer, which alone reaches port 8080. */
  readonly balancerSecurityGroupId: string
  /** Days for which no record of the audit trail can be removed, by anybody. */
  readonly auditDays: number
  /** An image, for a task definition of ECS as an example. */
  readonly image?: string
}

const known = [
  'environment',
  'keyArns',
  'roleName',
  'service',
  'roleExists',
  'secretArns',
  'vpcId',
  'subnetIds',
  'routeTableIds',
  'balancerSecurityGroupId',
  'auditDays',
  'image',
]

/**
 * @returns Where the keys are.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function checkedPlace(options: AdminServerOptions): KeyPlace {
  assertKnownKeys(options, known)
  const { environment, keyArns, roleName, service, secretArns, image } = options
  assertEnvironment(environment)
  const place = placeOfKeys('keyArns', keyArns)
  assertText('roleName', roleName, ROLE_NAME, 'the name of a role')
  if (service !== 'ecs-tasks' && service !== 'ec2')
    throw invalid('service', 'it is neither ecs-tasks nor ec2')
  const secret =
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/
  assertTexts('secretArns', secretArns, secret, 'whole ARNs of secrets')
  for (const secretArn of secretArns) {
    const [, partition = '', , region = '', accountId = ''] = secretArn.split(':')
    assertAccountOf('secretArns', { partition, accountId }, place)
    if (region !== place.region)
      throw invalid(
        'secretArns',
        `it is of the Region ${region}, and the endpoint of ${place.region}`,
      )
  }
  const id = (kind: string) => new RegExp(`^${kind}-[0-9a-f]{8,17}$`)
  assertText('vpcId', options.vpcId, id('vpc'), 'the id of a VPC')
  assertTexts('subnetIds', options.subnetIds, id('subnet'), 'ids of subnets')
  assertTexts('routeTableIds', options.routeTableIds, id('rtb'), 'ids of route tables')
  const group = options.balancerSecurityGroupId
  assertText('balancerSecurityGroupId', group, id('sg'), 'the id of a security group')
  assertWhole('auditDays', options.auditDays, 1, 36_500)
  if (image !== undefined) assertText('image', image, /^[\w./:@-]{1,512}$/, 'the name of an image')
  return place
}
