/** Who administers the keys that encrypt: the same as those that sign, and their rotation. @module */

import { administration } from './key-policy.ts'
import type { PolicyStatement } from './policy-document.ts'

/** @returns Statements for the administrator's role, and for the root user to mend the policy. */
export const administering = (
  adminRoleArn: string,
  { partition, accountId }: { readonly partition: string; readonly accountId: string },
): readonly PolicyStatement[] => [
  {
    Sid: 'Administer',
    Effect: 'Allow',
    Principal: { AWS: adminRoleArn },
    Action: [
      ...administration,
      'kms:DisableKeyRotation',
      'kms:EnableKeyRotation',
      'kms:GetKeyRotationStatus',
    ],
    Resource: '*',
  },
  {
    Sid: 'RecoverAsTheRootUser',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
    Action: ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:PutKeyPolicy'],
    Resource: '*',
    Condition: { StringEquals: { 'aws:PrincipalType': 'Account' } },
  },
]
