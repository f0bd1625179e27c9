/** Buckets of stacks: versioned, encrypted, private, and kept. @module */

import {
  attribute,
  documentOf,
  kept,
  type Resource,
  ref,
  sub,
  tagsOf,
  type Value,
} from './template.ts'

/** @returns A bucket and its policy, by which nothing but TLS comes to it. */
export function privateBucket(options: {
  readonly id: string
  readonly environment: string
  /** ARNs of roles: nobody else comes to the objects, whatever IAM allows. */
  readonly readers?: readonly string[]
  /** ARN of the role that alone may open the bucket, end its versions or let its objects expire. */
  readonly admin?: string
  /** Days for which no version can be removed, by anybody. */
  readonly lockDays?: number
  /** Further statements of its policy. */
  readonly statements?: readonly { readonly [name: string]: Value }[]
}): Readonly<Record<string, Resource>> {
  const { id, environment, readers, admin, lockDays, statements = [] } = options
  const objects = sub(`\${${id}.Arn}/*`)
  return {
    [id]: {
      Type: 'AWS::S3::Bucket',
      ...kept,
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
          ],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
        ...(lockDays === undefined
          ? {}
          : {
              ObjectLockEnabled: true,
              ObjectLockConfiguration: {
                ObjectLockEnabled: 'Enabled',
                Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: lockDays } },
              },
            }),
        Tags: tagsOf({ Environment: environment }),
      },
    },
    [`${id}Policy`]: {
      Type: 'AWS::S3::BucketPolicy',
      ...kept,
      Properties: {
        Bucket: ref(id),
        PolicyDocument: documentOf([
          {
            Sid: 'NothingButTls',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [attribute(id, 'Arn'), objects],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
          ...(readers === undefined
            ? []
            : [
                {
                  Sid: 'NobodyElse',
                  Effect: 'Deny',
                  Principal: '*',
                  Action: ['s3:DeleteObject*', 's3:GetObject*', 's3:PutObject*'],
                  Resource: objects,
                  Condition: { ArnNotEquals: { 'aws:PrincipalArn': readers } },
                },
              ]),
          ...(admin === undefined ? [] : [administration(id, admin)]),
          ...statements,
        ]),
      },
    },
  }
}

/** Else any role that IAM lets change a bucket would lift the other denials. The root user still can. */
const administration = (id: string, admin: string): { readonly [name: string]: Value } => ({
  Sid: 'NobodyElseChangesIt',
  Effect: 'Deny',
  Principal: '*',
  Action: [
    's3:DeleteBucketPolicy',
    's3:PutBucketPolicy',
    's3:PutBucketVersioning',
    's3:PutLifecycleConfiguration',
  ],
  Resource: attribute(id, 'Arn'),
  Condition: { ArnNotEquals: { 'aws:PrincipalArn': admin } },
})
