/**
 * Records in the shape that AWS documents for Sign, with values of our own.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/ct-sign.html
 */

export const account = '111122223333'
export const keyArn = `arn:aws:kms:eu-central-1:${account}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`
export const mrkArn = (region: string) =>
  `arn:aws:kms:${region}:${account}:key/mrk-0a1b2c3d4e5f60718293a4b5c6d7e8f9`

/** The time of the records: 2026-11-20T10:00:00Z. */
export const at = Date.parse('2026-11-20T10:00:00Z')

let made = 0

/** @param changes - Fields that differ; `undefined` takes one out. */
export function signRecord(changes: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1
  const arn = String(changes['keyArn'] ?? keyArn)
  const { keyArn: _, ...rest } = changes
  return JSON.parse(
    JSON.stringify({
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        principalId: 'AROAEXAMPLE:minter',
        arn: `arn:aws:sts::${account}:assumed-role/minter/one`,
        accountId: account,
        sessionContext: { sessionIssuer: { type: 'Role', userName: 'minter' } },
      },
      eventTime: '2026-11-20T10:00:00Z',
      eventSource: 'kms.amazonaws.com',
      eventName: 'Sign',
      awsRegion: arn.split(':')[3],
      sourceIPAddress: '192.0.2.7',
      userAgent: 'aws-sdk-js/3',
      requestParameters: {
        messageType: 'DIGEST',
        keyId: 'alias/flow-minter',
        signingAlgorithm: 'ECDSA_SHA_256',
      },
      responseElements: null,
      requestID: `request-${made}`,
      eventID: `event-${made}`,
      readOnly: true,
      resources: [{ accountId: arn.split(':')[4], type: 'AWS::KMS::Key', ARN: arn }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: account,
      eventCategory: 'Management',
      ...rest,
    }),
  )
}
