/** Policies that are of no stack. @module */
import { ACCOUNT, KEY } from '../../../support/stack-variants.ts'
import { BREAK_GLASS, CALLERS, DEPLOYERS } from './documents.ts'
import {
  BACKEND,
  digest,
  FUNCTION,
  keyOf,
  type Matrix,
  may,
  mayNot,
  OTHER_KEY,
  type Question,
  raw,
  SIGNER,
  STRANGER,
  sha384,
} from './question.ts'
import { LIVE } from './remote-signer.ts'
import { rotating } from './rotating.ts'
import { signs } from './signing-keys.ts'

const keys = [KEY, OTHER_KEY]
const ELSE = keyOf('Else')
const reading = ['kms:DescribeKey', 'kms:TagResource', 'kms:ListResourceTags']
const log = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:any:log-stream:one`
const trail = `arn:aws:cloudtrail:eu-central-1:${ACCOUNT}:trail/any`
const stopping = [
  'cloudtrail:DeleteTrail',
  'cloudtrail:PutEventSelectors',
  'cloudtrail:StopLogging',
  'cloudtrail:UpdateTrail',
]
const waiting = (days: number) => ({
  context: { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(days) },
})

const ofKeysAndTrails: Question[] = [
  ...BREAK_GLASS.flatMap((who) => [
    ...may(who, 'kms:DisableKey', KEY),
    ...may(who, 'kms:ScheduleKeyDeletion', KEY, waiting(30)),
    ...may(who, 'kms:ScheduleKeyDeletion', KEY),
    ...mayNot(who, 'kms:ScheduleKeyDeletion', KEY, waiting(29)),
    ...may(who, stopping, trail),
  ]),
  ...mayNot(STRANGER, 'kms:DisableKey', KEY),
  ...mayNot(STRANGER, 'kms:ScheduleKeyDeletion', KEY, waiting(30)),
  ...mayNot(STRANGER, stopping, trail),
  ...may(STRANGER, 'kms:Sign', KEY, { context: raw }),
  ...may(STRANGER, 'kms:CancelKeyDeletion', KEY),
  ...may(STRANGER, 'cloudtrail:StartLogging', trail),
]

const OTHER_FUNCTION = FUNCTION.replace('production', 'another')
const invoking = ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl']
/** Each of the denied patterns once. */
const changing = [
  'lambda:AddPermission',
  'lambda:CreateAlias',
  'lambda:DeleteFunction',
  'lambda:PutFunctionConcurrency',
  'lambda:UpdateFunctionCode',
]
const giving = [
  'iam:AttachRolePolicy',
  'iam:PassRole',
  'iam:PutRolePolicy',
  'iam:TagRole',
  'iam:UpdateAssumeRolePolicy',
]
const guarded: Question[] = [
  ...DEPLOYERS.flatMap((who) => [...may(who, changing, FUNCTION), ...may(who, giving, SIGNER)]),
  ...mayNot(STRANGER, changing, FUNCTION),
  ...mayNot(STRANGER, 'lambda:AddPermission', LIVE),
  ...mayNot(STRANGER, giving, SIGNER),
  ...[FUNCTION, LIVE].flatMap((on) => mayNot(STRANGER, invoking, on)),
  ...mayNot(BACKEND, changing, FUNCTION),
  ...may(STRANGER, [...changing, ...invoking], OTHER_FUNCTION),
  ...may(STRANGER, giving, BACKEND),
  ...may(STRANGER, 'lambda:GetFunction', FUNCTION),
]

export const documentsAlone: Matrix = {
  'signing policy': [
    ...signs(SIGNER, keys, ELSE),
    ...keys.flatMap((on) => may(SIGNER, 'kms:DescribeKey', on)),
  ],
  'rotation policy': rotating,
  'inspection policy': [
    ...keys.flatMap((on) => [
      ...may(STRANGER, reading, on),
      ...mayNot(STRANGER, 'kms:Sign', on, { context: digest }),
      ...mayNot(STRANGER, ['kms:GetPublicKey', 'kms:PutKeyPolicy', 'kms:CreateGrant'], on),
    ]),
    ...mayNot(STRANGER, reading, ELSE),
  ],
  'permission boundary': [
    ...keys.flatMap((on) => [
      ...may(SIGNER, 'kms:Sign', on, { context: digest }),
      ...mayNot(SIGNER, 'kms:Sign', on, { context: raw }),
      ...mayNot(SIGNER, 'kms:Sign', on, { context: sha384 }),
      ...may(SIGNER, ['kms:DescribeKey', 'kms:GetPublicKey'], on),
      ...mayNot(SIGNER, ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:ScheduleKeyDeletion'], on),
    ]),
    ...mayNot(SIGNER, 'kms:Sign', ELSE, { context: digest }),
    ...mayNot(SIGNER, ['kms:DescribeKey', 'kms:GetPublicKey'], ELSE),
    ...may(SIGNER, ['logs:CreateLogStream', 'logs:PutLogEvents'], log),
    ...mayNot(SIGNER, 'logs:DeleteLogStream', log),
    ...mayNot(SIGNER, ['sts:AssumeRole', 'iam:PutRolePolicy'], STRANGER),
  ],
  'service control policy': ofKeysAndTrails,
  'service control policy with a signer': [
    ...ofKeysAndTrails,
    ...guarded,
    ...CALLERS.flatMap((who) => may(who, invoking, LIVE)),
  ],
  'service control policy with a signer behind an API': [
    ...ofKeysAndTrails,
    ...guarded,
    ...mayNot(BACKEND, invoking, LIVE),
  ],
}
