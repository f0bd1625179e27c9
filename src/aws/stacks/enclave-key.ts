/** The wrapping key of an enclave, and how two people let in a new image. @module */

import { nameOfRole } from '../checks.ts'
import { administering } from '../policies/administering.ts'
import { documentOf, kept, type Resource, ref, tagsOf, type Value } from '../template.ts'
import type { ReadyEnclave } from './enclave-options.ts'

/** What an enclave asks for with a document of its hardware; each of them gives plaintext without one. */
const ATTESTED = ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair']

/**
 * Nobody needs these, nor Encrypt but for a PIN. They would wrap a data key that somebody outside knows, or
 * may ask for later; ReEncrypt moves what is wrapped under another key; a grant hands on what it names.
 */
const NEVER = [
  'kms:CreateGrant',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
]

/** What each call of the enclave carries; its name stands in its measured configuration. */
export const contextOf = ({ enclaveName }: ReadyEnclave): { readonly [name: string]: Value } => ({
  StringEquals: {
    'kms:EncryptionContext:fcl-kms': 'sealed-key',
    'kms:EncryptionContext:enclave': enclaveName,
  },
  Null: { 'kms:EncryptionContext:wallet': 'false' },
})

/** What the PIN of an HSM is sealed with. A record is bound to another text, so that none is made by it. */
const PIN = 'pkcs11-pin'

const pinStatements = ({ roleArn, adminRoleArn, enclaveName }: ReadyEnclave) => {
  const Condition = {
    StringEquals: {
      'kms:EncryptionContext:fcl-kms': PIN,
      'kms:EncryptionContext:enclave': enclaveName,
    },
  }
  const allow = (Sid: string, AWS: string, Action: string) => ({
    ...{ Sid, Effect: 'Allow', Principal: { AWS }, Action, Resource: '*', Condition },
  })
  return [
    allow('SealThePin', adminRoleArn, 'kms:Encrypt'),
    allow('OpenThePinInTheEnclave', roleArn, 'kms:Decrypt'),
  ]
}

/** @returns The key, its alias, and the policies of who proposes and who executes. */
export function keyOf(ready: ReadyEnclave): Readonly<Record<string, Resource>> {
  const { environment, adminRoleArn, proposerRoleArn } = ready
  return {
    WrappingKey: {
      Type: 'AWS::KMS::Key',
      DependsOn: ['Role'],
      ...kept,
      Properties: {
        Description: `Wraps the keys of the enclave: ${environment}`,
        Enabled: true,
        EnableKeyRotation: true,
        PendingWindowInDays: 30,
        KeyPolicy: keyPolicyOf(ready),
        Tags: tagsOf({ Environment: environment }),
      },
    },
    WrappingKeyAlias: {
      Type: 'AWS::KMS::Alias',
      Properties: {
        AliasName: `alias/fcl-kms/${environment}/enclave`,
        TargetKeyId: ref('WrappingKey'),
      },
    },
    ProposalPolicy: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        Description: `Makes change sets of the enclave, and executes none: ${environment}`,
        Roles: [nameOfRole(proposerRoleArn)],
        PolicyDocument: documentOf([
          {
            Sid: 'Propose',
            Effect: 'Allow',
            Action: [
              'cloudformation:CreateChangeSet',
              'cloudformation:DeleteChangeSet',
              'cloudformation:DescribeChangeSet',
              'cloudformation:GetTemplate',
            ],
            Resource: ref('AWS::StackId'),
          },
          {
            Sid: 'NeverExecute',
            Effect: 'Deny',
            Action: [
              'cloudformation:DeleteStack',
              'cloudformation:ExecuteChangeSet',
              'cloudformation:UpdateStack',
            ],
            Resource: ref('AWS::StackId'),
          },
        ]),
      },
    },
    ExecutionPolicy: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        Description: `Executes change sets of the enclave that others made: ${environment}`,
        Roles: [nameOfRole(adminRoleArn)],
        PolicyDocument: documentOf([
          {
            Sid: 'NeverPropose',
            Effect: 'Deny',
            Action: [
              'cloudformation:CreateChangeSet',
              'cloudformation:DeleteStack',
              'cloudformation:UpdateStack',
            ],
            Resource: ref('AWS::StackId'),
          },
          // The same service has another way to change one resource, which no change set shows.
          {
            Sid: 'NoWayAround',
            Effect: 'Deny',
            Action: 'cloudformation:UpdateResource',
            Resource: '*',
          },
        ]),
      },
    },
  }
}

/**
 * A negated condition also holds where its key is absent: a request without a document has no
 * `kms:RecipientAttestation:…`, and neither has any that is not of an enclave, so each Deny meets
 * them. Of several values a negated condition holds where none of them fits.
 */
function keyPolicyOf(ready: ReadyEnclave): Value {
  const { roleArn, adminRoleArn, place, images, registers } = ready
  const denial = (
    Sid: string,
    Action: Value,
    Condition?: Value,
  ): { readonly [name: string]: Value } => ({
    ...{ Sid, Effect: 'Deny', Principal: '*', Action, Resource: '*' },
    ...(Condition === undefined ? {} : { Condition }),
  })
  const measured = (name: string, digits: Value): Value => ({
    StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:${name}`]: digits },
  })
  return documentOf([
    {
      Sid: 'SealAndOpenInTheEnclave',
      Effect: 'Allow',
      Principal: { AWS: roleArn },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
      Condition: contextOf(ready),
    },
    ...(ready.pkcs11 ? pinStatements(ready) : []),
    ...administering(adminRoleArn, place).map((statement) => ({ ...statement })),
    denial('NothingButTheseImages', ATTESTED, measured('ImageSha384', images)),
    ...Object.entries(registers).map(([name, digits]) =>
      denial(`NothingButThis${name}`, ATTESTED, measured(name, digits)),
    ),
    denial('NobodyElseOpens', ATTESTED, { ArnNotEquals: { 'aws:PrincipalArn': roleArn } }),
    ...(ready.pkcs11
      ? [
          denial('NobodyEver', NEVER),
          denial('NothingButThePin', 'kms:Encrypt', {
            StringNotEquals: { 'kms:EncryptionContext:fcl-kms': PIN },
          }),
        ]
      : [denial('NobodyEver', ['kms:Encrypt', ...NEVER])]),
    {
      Sid: 'PolicyByChangeSetOnly',
      Effect: 'Deny',
      Principal: { AWS: adminRoleArn },
      Action: 'kms:PutKeyPolicy',
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:CalledViaFirst': 'cloudformation.amazonaws.com' } },
    },
  ])
}
