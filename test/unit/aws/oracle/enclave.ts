/** The stack `enclave`. @module */
import { ACCOUNT, PCR0, role } from '../../../support/stack-variants.ts'
import { administered } from './administering.ts'
import { changedByAdmin } from './bucket.ts'
import {
  ADMIN,
  type Context,
  FOREIGNER,
  keyOf,
  type Matrix,
  may,
  mayNot,
  plain,
  type Question,
  ROOT,
  STRANGER,
  tls,
} from './question.ts'
import { takenBy } from './trust.ts'

export const PARENT: string = role('flow-enclave-parent')
export const PROPOSER: string = role('release')
export const ENCLAVE_KEY: string = keyOf('WrappingKey')
export const ENCLAVE_STACK: string = `arn:aws:cloudformation:eu-central-1:${ACCOUNT}:stack/enclave/1`

/** What the enclave sends with each call. */
export const bound: Context = {
  'kms:EncryptionContext:fcl-kms': 'sealed-key',
  'kms:EncryptionContext:enclave': 'mint-signer',
  'kms:EncryptionContext:wallet': 'minter',
}
const image = (digits: string): Context => ({ 'kms:RecipientAttestation:ImageSha384': digits })
const [first = '', second = ''] = PCR0
const signedBy: Context = { 'kms:RecipientAttestation:PCR8': '88'.repeat(48) }
const parentRole: Context = { 'kms:RecipientAttestation:PCR3': '33'.repeat(48) }
const registers: Context = { ...signedBy, ...parentRole }
export const attested: Context = { ...bound, ...registers, ...image(first) }
/** No document, debug mode, and another image. */
export const unattested: readonly Context[] = [
  bound,
  { ...attested, ...image('00'.repeat(48)) },
  { ...attested, ...image('11'.repeat(48)) },
]

const opening = ['kms:Decrypt', 'kms:GenerateDataKey']
const withPlaintext = [...opening, 'kms:GenerateDataKeyPair']
export const never = [
  'kms:CreateGrant',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
]
export const byChangeSet: Context = { 'aws:CalledViaFirst': 'cloudformation.amazonaws.com' }
const byOther: Context = { 'aws:CalledViaFirst': 'athena.amazonaws.com' }

/** One register that is another, or not there, is enough to be refused. */
const lessRegisters: readonly Context[] = [
  { ...bound, ...image(first), ...signedBy },
  { ...bound, ...image(first), ...parentRole },
]
const { 'kms:EncryptionContext:wallet': _, ...noWallet } = attested
const otherContexts: readonly Context[] = [
  noWallet,
  { ...attested, 'kms:EncryptionContext:fcl-kms': 'another' },
  { ...attested, 'kms:EncryptionContext:enclave': 'another' },
]

const rotation = ['kms:DisableKeyRotation', 'kms:EnableKeyRotation', 'kms:GetKeyRotationStatus']
const byChangeSetWhereNeeded = (one: Question): Question =>
  one.who === ADMIN && one.action === 'kms:PutKeyPolicy' ? { ...one, context: byChangeSet } : one

export const pin: Context = {
  'kms:EncryptionContext:fcl-kms': 'pkcs11-pin',
  'kms:EncryptionContext:enclave': 'mint-signer',
}
const ofPin: Question[] = [
  ...may(ADMIN, 'kms:Encrypt', ENCLAVE_KEY, { context: pin }),
  ...may(PARENT, 'kms:Decrypt', ENCLAVE_KEY, { context: { ...attested, ...pin } }),
  ...mayNot(PARENT, 'kms:Encrypt', ENCLAVE_KEY, { context: pin }),
  ...mayNot(PARENT, 'kms:Decrypt', ENCLAVE_KEY, { context: pin }),
  ...mayNot(STRANGER, ['kms:Encrypt', 'kms:Decrypt'], ENCLAVE_KEY, { context: pin }),
  ...mayNot(STRANGER, 'kms:Decrypt', ENCLAVE_KEY, {
    context: { ...attested, ...pin },
    undenied: true,
  }),
  ...['fcl-kms', 'enclave'].flatMap((name) => {
    const context = { ...pin, [`kms:EncryptionContext:${name}`]: 'another' }
    return [
      ...mayNot(ADMIN, 'kms:Encrypt', ENCLAVE_KEY, { context, undenied: true }),
      ...mayNot(PARENT, 'kms:Decrypt', ENCLAVE_KEY, { context: { ...noWallet, ...context } }),
    ]
  }),
  ...[PARENT, ADMIN, ROOT].flatMap((who) =>
    mayNot(who, 'kms:Encrypt', ENCLAVE_KEY, { context: bound, wider: true }),
  ),
]

const ofKey: Question[] = [
  ...ofPin,
  ...[attested, { ...attested, ...image(second) }].flatMap((context) =>
    may(PARENT, opening, ENCLAVE_KEY, { context }),
  ),
  ...may(PARENT, 'kms:Decrypt', ENCLAVE_KEY, {
    context: { ...attested, ...image(first.toUpperCase()) },
  }),
  ...mayNot(PARENT, 'kms:GenerateDataKeyPair', ENCLAVE_KEY, { context: attested }),
  ...[...unattested, ...lessRegisters].flatMap((context) => [
    ...mayNot(PARENT, opening, ENCLAVE_KEY, { context }),
    ...[PARENT, ROOT].flatMap((who) =>
      mayNot(who, withPlaintext, ENCLAVE_KEY, { context, wider: true }),
    ),
  ]),
  ...otherContexts.flatMap((context) => mayNot(PARENT, opening, ENCLAVE_KEY, { context })),
  ...[ADMIN, ROOT, STRANGER, FOREIGNER].flatMap((who) => [
    ...mayNot(who, withPlaintext, ENCLAVE_KEY, { context: attested, wider: true }),
    ...mayNot(who, 'kms:Decrypt', ENCLAVE_KEY, { context: attested, undenied: true }),
  ]),
  ...[PARENT, ROOT].flatMap((who) => mayNot(who, never, ENCLAVE_KEY, { wider: true })),
  ...administered(ENCLAVE_KEY).map(byChangeSetWhereNeeded),
  ...may(ADMIN, rotation, ENCLAVE_KEY),
  ...mayNot(STRANGER, rotation, ENCLAVE_KEY),
  ...mayNot(ADMIN, 'kms:PutKeyPolicy', ENCLAVE_KEY, { wider: true }),
  ...mayNot(ADMIN, 'kms:PutKeyPolicy', ENCLAVE_KEY, { context: byOther }),
  ...mayNot(PROPOSER, 'kms:PutKeyPolicy', ENCLAVE_KEY, { context: byChangeSet }),
  ...mayNot(PARENT, ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'], ENCLAVE_KEY),
]

const BUCKET = 'arn:aws:s3:::bucket'
export const ENCLAVE_RECORD: string = `${BUCKET}/minter`
const keeping = ['s3:GetObject', 's3:PutObject']
const versions = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:GetObjectVersion']
const LOGS = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/fcl-kms/production/`
export const ENCLAVE_LOG: string = `${LOGS}enclave:log-stream:a`
const logging = ['logs:CreateLogStream', 'logs:PutLogEvents']
export const ENCLAVE_SECRET: string = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:fcl-kms/production/enclave/minter-AbCdEf`
const OTHER_SECRET = ENCLAVE_SECRET.replace('/enclave/', '/other/')
const secrets = [
  'secretsmanager:CreateSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
]

const logs: Question[] = [
  ...may(PARENT, logging, ENCLAVE_LOG),
  ...mayNot(PARENT, logging, `${LOGS}another:log-stream:a`),
  ...mayNot(PARENT, ['logs:DeleteLogStream', 'logs:PutRetentionPolicy'], ENCLAVE_LOG),
]
const objects: Question[] = [
  ...may(PARENT, keeping, ENCLAVE_RECORD),
  ...mayNot(PARENT, [...versions, 's3:PutObjectAcl'], ENCLAVE_RECORD),
  ...mayNot(PARENT, keeping, 'arn:aws:s3:::another/minter'),
  ...may(PARENT, 's3:ListBucket', BUCKET),
  ...mayNot(PARENT, 's3:ListBucket', 'arn:aws:s3:::another'),
  ...mayNot(PARENT, ['s3:PutBucketPolicy', 's3:DeleteBucket'], BUCKET),
]
const ofSecrets: Question[] = [
  ...may(PARENT, secrets, ENCLAVE_SECRET),
  ...mayNot(PARENT, secrets, OTHER_SECRET),
  ...mayNot(
    PARENT,
    ['secretsmanager:DeleteSecret', 'secretsmanager:PutResourcePolicy'],
    ENCLAVE_SECRET,
  ),
]
const byStranger = (actions: readonly string[], on: string, context: Context = {}) =>
  mayNot(STRANGER, actions, on, { context })

const kmsEndpoint: Question[] = [
  ...may(PARENT, opening, ENCLAVE_KEY, { context: attested }),
  ...mayNot(PARENT, opening, keyOf('Other'), { context: attested }),
  ...mayNot(PARENT, ['kms:GenerateDataKeyPair', 'kms:Encrypt', 'kms:PutKeyPolicy'], ENCLAVE_KEY),
  ...byStranger(opening, ENCLAVE_KEY, attested),
]

export const proposing = [
  'cloudformation:CreateChangeSet',
  'cloudformation:DeleteChangeSet',
  'cloudformation:DescribeChangeSet',
  'cloudformation:GetTemplate',
]
export const executing = [
  'cloudformation:DeleteStack',
  'cloudformation:ExecuteChangeSet',
  'cloudformation:UpdateStack',
]
export const around = [
  'cloudformation:CreateChangeSet',
  'cloudformation:DeleteStack',
  'cloudformation:UpdateStack',
]

const common: Matrix = {
  'Role.AssumeRolePolicyDocument': takenBy('ec2.amazonaws.com', 'flow-enclave-parent'),
  'KmsEndpoint.PolicyDocument': kmsEndpoint,
  'LogsEndpoint.PolicyDocument': [...logs, ...byStranger(logging, ENCLAVE_LOG)],
  'ProposalPolicy.PolicyDocument': [
    ...may(PROPOSER, proposing, ENCLAVE_STACK),
    ...mayNot(PROPOSER, proposing, ENCLAVE_STACK.replace('/enclave/', '/another/')),
    ...mayNot(PROPOSER, executing, ENCLAVE_STACK),
    ...mayNot(PROPOSER, executing, ENCLAVE_STACK, { beside: true }),
  ],
  'ExecutionPolicy.PolicyDocument': [
    ...mayNot(ADMIN, around, ENCLAVE_STACK, { beside: true }),
    ...mayNot(ADMIN, 'cloudformation:UpdateResource', '*', { beside: true }),
    ...may(ADMIN, 'cloudformation:ExecuteChangeSet', ENCLAVE_STACK, { beside: true }),
  ],
}
const inVariant = (variant: string, matrix: Matrix): Matrix =>
  Object.fromEntries(Object.entries(matrix).map(([name, list]) => [`${variant}/${name}`, list]))

export const enclave: Matrix = {
  ...inVariant('enclave', {
    ...common,
    'WrappingKey.KeyPolicy': ofKey,
    'RolePolicy.PolicyDocument': [...logs, ...objects],
    'BucketPolicy.PolicyDocument': [
      ...[PARENT, ADMIN].flatMap((who) => [
        ...may(who, [...keeping, ...versions], ENCLAVE_RECORD, { context: tls }),
        ...mayNot(who, keeping, ENCLAVE_RECORD, { context: plain }),
        ...mayNot(who, 's3:ListBucket', BUCKET, { context: plain }),
      ]),
      ...may(PARENT, 's3:ListBucket', BUCKET, { context: tls }),
      ...mayNot(STRANGER, [...keeping, ...versions], ENCLAVE_RECORD, { context: tls }),
      ...mayNot(FOREIGNER, keeping, ENCLAVE_RECORD, { context: tls, wider: true }),
      ...changedByAdmin(BUCKET, [PARENT, STRANGER]),
    ],
    'BucketEndpoint.PolicyDocument': [
      ...objects,
      ...byStranger(keeping, ENCLAVE_RECORD),
      ...byStranger(['s3:ListBucket'], BUCKET),
    ],
  }),
  ...inVariant('enclave in a VPC that exists', {
    ...common,
    'WrappingKey.KeyPolicy': ofKey,
    'RolePolicy.PolicyDocument': [...logs, ...ofSecrets],
    'SecretsEndpoint.PolicyDocument': [...ofSecrets, ...byStranger(secrets, ENCLAVE_SECRET)],
  }),
}
