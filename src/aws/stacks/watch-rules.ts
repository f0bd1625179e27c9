/** EventBridge rules on what CloudTrail tells of keys. @module */

import { type Resource, ref, type Value } from '../template.ts'
import type { ReadyWatch } from './watch-options.ts'

/** @returns One rule for each kind of event, which tells the topic. */
export function rulesOf({
  environment,
  keyArns,
  signerRoleArns,
}: ReadyWatch): Readonly<Record<string, Resource>> {
  const rule = (Description: string, detail: { readonly [name: string]: Value }): Resource => ({
    Type: 'AWS::Events::Rule',
    Properties: {
      Description: `${Description}: ${environment}`,
      // Sign is a read event, and other rules are not told of these.
      State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
      EventPattern: {
        source: ['aws.kms'],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail,
      },
      Targets: [{ Id: 'topic', Arn: ref('Topic') }],
    },
  })
  const ofKeys = { resources: { ARN: keyArns } }
  const changed = (...eventName: string[]) => ({ eventName, ...ofKeys })
  return {
    DeletionRule: rule('A key shall be deleted', changed('ScheduleKeyDeletion')),
    DisablingRule: rule('A key was disabled', changed('DisableKey')),
    PolicyRule: rule('A key policy was changed', changed('PutKeyPolicy')),
    GrantRule: rule('A grant was made', changed('CreateGrant')),
    AliasRule: rule('An alias points elsewhere', changed('UpdateAlias', 'DeleteAlias')),
    DenialRule: rule('A use of a key was denied', {
      errorCode: ['AccessDenied', 'AccessDeniedException'],
      ...ofKeys,
    }),
    PendingUseRule: rule('A key was used that is disabled or shall be deleted', {
      eventName: ['Sign', 'GetPublicKey'],
      errorCode: ['KMSInvalidStateException', 'DisabledException'],
      ...ofKeys,
    }),
    StrangerRule: rule('A role signed that never should', {
      eventName: ['Sign'],
      errorCode: [{ exists: false }],
      userIdentity: {
        sessionContext: { sessionIssuer: { arn: [{ 'anything-but': signerRoleArns }] } },
      },
      ...ofKeys,
    }),
    // Users, the root user and services have no session of a role.
    NoRoleRule: rule('Something other than a role signed', {
      eventName: ['Sign'],
      errorCode: [{ exists: false }],
      userIdentity: { type: [{ 'anything-but': ['AssumedRole'] }] },
      ...ofKeys,
    }),
  }
}
