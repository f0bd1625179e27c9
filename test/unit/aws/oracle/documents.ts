/** Every policy that this package writes: of each stack in each of its forms, and on its own. @module */
import {
  inspectionPolicy,
  type PolicyDocument,
  permissionBoundary,
  serviceControlPolicy,
  signingPolicy,
} from '../../../../src/aws/index.ts'
import { KEY, role, templateOf, variants } from '../../../support/stack-variants.ts'
import {
  type KindOfPolicy,
  type Policy,
  type PolicyKind,
  policiesOf,
} from '../../../support/template-policies.ts'
import { OTHER_KEY } from './question.ts'

export const BREAK_GLASS: readonly string[] = [role('break-glass'), role('second-break-glass')]

const alone = (kind: PolicyKind, document: PolicyDocument): KindOfPolicy => ({
  kind,
  policy: document as unknown as Policy, // statements are plain data
})
const keyArns = [KEY, OTHER_KEY]
const documentsAlone: readonly (readonly [string, KindOfPolicy])[] = [
  ['signing policy', alone('identity', signingPolicy({ keyArns, describe: true }))],
  ['inspection policy', alone('identity', inspectionPolicy({ keyArns }))],
  [
    'permission boundary',
    alone(
      'boundary',
      permissionBoundary({ keyArns, otherActions: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
    ),
  ],
  [
    'service control policy',
    alone('control', serviceControlPolicy({ breakGlassRoleArns: BREAK_GLASS })),
  ],
]

export const documents: ReadonlyMap<string, KindOfPolicy> = new Map([
  ...variants.flatMap(([variant, stack, options]) =>
    [...policiesOf(templateOf(stack, options))].map(
      ([path, found]) => [`${variant}/${path}`, found] as const,
    ),
  ),
  ...documentsAlone,
])
