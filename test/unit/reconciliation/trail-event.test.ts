import { readTrailEvent } from '../../../src/reconciliation/trail-event.ts'
import { account, at, keyArn, signRecord } from '../../support/trail-events.ts'

const read = (changes: Record<string, unknown>) => readTrailEvent(signRecord(changes), 'here')

describe('a record of CloudTrail', () => {
  it('is a signature with its key, caller, place and time', () => {
    expect(read({ requestID: 'r', eventID: 'e', sharedEventID: 's' })).toEqual({
      kind: 'sign',
      event: {
        eventId: 'e',
        requestId: 'r',
        at,
        region: 'eu-central-1',
        keyArn,
        caller: `arn:aws:sts::${account}:assumed-role/minter/one`,
        sourceIp: '192.0.2.7',
        sharedEventId: 's',
      },
    })
  })

  it.each([
    ['an error code', { errorCode: 'AccessDenied' }, 'AccessDenied'],
    [
      'the error code of a dry run',
      { errorCode: 'DryRunOperationException' },
      'DryRunOperationException',
    ],
    [
      'a dry run among its parameters',
      { requestParameters: { dryRun: true } },
      'DryRunOperationException',
    ],
  ])('signed nothing with %s', (_, changes, errorCode) => {
    expect(read(changes)).toMatchObject({ kind: 'sign', event: { errorCode } })
  })

  it.each([
    ['resources', {}, keyArn],
    [
      'an ARN in the parameters',
      { resources: undefined, requestParameters: { keyId: keyArn } },
      keyArn,
    ],
    [
      'an id in the parameters, of China',
      {
        resources: undefined,
        requestParameters: { KeyId: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9' },
        awsRegion: 'cn-north-1',
      },
      `arn:aws-cn:kms:cn-north-1:${account}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`,
    ],
    [
      'an id in the parameters, of GovCloud',
      {
        resources: undefined,
        requestParameters: { KeyId: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9' },
        awsRegion: 'us-gov-west-1',
      },
      `arn:aws-us-gov:kms:us-gov-west-1:${account}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9`,
    ],
  ])('tells its key by %s', (_, changes, expected) => {
    expect(read(changes)).toMatchObject({ event: { keyArn: expected } })
  })

  it.each([
    ['another operation', { eventName: 'GetPublicKey' }],
    ['another service', { eventSource: 'signer.amazonaws.com' }],
    [
      'a failed call whose key does not exist',
      { resources: undefined, errorCode: 'NotFoundException' },
    ],
  ])('is of no interest: %s', (_, changes) => {
    expect(read(changes)).toEqual({ kind: 'other' })
  })

  it.each([
    ['no request id', { requestID: undefined }, 'requestID'],
    ['a request id that is empty', { requestID: '' }, 'requestID'],
    ['no event id', { eventID: undefined }, 'eventID'],
    ['no time', { eventTime: undefined }, 'a time'],
    ['a time in words', { eventTime: 'yesterday' }, 'a time'],
    ['a time without a zone', { eventTime: '2026-11-20T10:00:00' }, 'a time'],
    ['no Region', { awsRegion: undefined }, 'awsRegion'],
    ['an error code that is no text', { errorCode: 7 }, 'a readable errorCode'],
    ['an error code that is empty', { errorCode: '' }, 'a readable errorCode'],
    ['a key told by an alias alone', { resources: undefined }, 'the ARN of its key'],
    ['resources of another shape', { resources: 'key' }, 'the ARN of its key'],
  ])('is no verdict: %s', (_, changes, lacks) => {
    expect(read(changes)).toMatchObject({
      kind: 'unreadable',
      reason: `a Sign event without ${lacks}`,
    })
  })

  it.each([[null], [7], ['text'], [[]], [{}], [{ eventSource: 'kms.amazonaws.com' }]])(
    'is no verdict: %j',
    (record) => {
      expect(readTrailEvent(record, 'here')).toMatchObject({ kind: 'unreadable', place: 'here' })
    },
  )
})
