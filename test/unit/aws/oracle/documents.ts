/** Every policy that this package writes: of each stack in each of its forms, and on its own. @module */
import {
  inspectionPolicy,
  type PolicyDocument,
  permissionBoundary,
  rotationPolicy,
  type ServiceControlOptions,
  serviceControlPolicy,
  signingPolicy,
} from '../../../../src/aws/index.ts'
import {
  KEY,
  partitions,
  role,
  templateOf,
  type Variant,
  variants,
  variantsElsewhere,
} from '../../../support/stack-variants.ts'
import {
  type KindOfPolicy,
  type Place,
  type Policy,
  type PolicyKind,
  policiesOf,
} from '../../../support/template-policies.ts'
import { BACKEND, FUNCTION, OTHER_KEY, SIGNER } from './question.ts'

export const BREAK_GLASS: readonly string[] = [role('break-glass'), role('second-break-glass')]
export const CALLERS: readonly string[] = [BACKEND, role('second-backend')]
export const DEPLOYERS: readonly string[] = [role('deployer'), role('key-admin')]

const alone = (kind: PolicyKind, document: PolicyDocument): KindOfPolicy => ({
  kind,
  policy: document as unknown as Policy, // statements are plain data
})
const keyArns = [KEY, OTHER_KEY]
const signer = { functionArn: FUNCTION, roleArn: SIGNER, deployerRoleArns: DEPLOYERS }
const underControl = (options: Partial<ServiceControlOptions>) =>
  alone('control', serviceControlPolicy({ breakGlassRoleArns: BREAK_GLASS, ...options }))
const documentsAlone: readonly (readonly [string, KindOfPolicy])[] = [
  ['signing policy', alone('identity', signingPolicy({ keyArns, describe: true }))],
  ['rotation policy', alone('identity', rotationPolicy({ keyArns, aliases: ['alias/minter'] }))],
  ['inspection policy', alone('identity', inspectionPolicy({ keyArns }))],
  [
    'permission boundary',
    alone(
      'boundary',
      permissionBoundary({ keyArns, otherActions: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
    ),
  ],
  ['service control policy', underControl({})],
  [
    'service control policy with a signer',
    underControl({ signer: { ...signer, callerRoleArns: CALLERS } }),
  ],
  ['service control policy with a signer behind an API', underControl({ signer })],
]

const documentsOf = ([variant, stack, options]: Variant, place: Place) =>
  [...policiesOf(templateOf(stack, options), place)].map(
    ([path, found]) => [`${variant}/${path}`, found] as const,
  )

export const documents: ReadonlyMap<string, KindOfPolicy> = new Map([
  ...variants.flatMap((one) => documentsOf(one, { partition: 'aws', region: 'eu-central-1' })),
  ...partitions.flatMap(([place, partition, region]) =>
    variantsElsewhere
      .filter(([name]) => name.endsWith(` in ${place}`))
      .flatMap((one) => documentsOf(one, { partition, region })),
  ),
  ...documentsAlone,
])
