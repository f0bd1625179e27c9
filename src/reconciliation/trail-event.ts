/** One record of CloudTrail, read strictly: what cannot be read is told, never left out. @module */

import { isObject } from '../signers/aws/thrown-facts.ts'
import { keyArnOf, keyIdentity } from './key-arn.ts'

/** A Sign call that CloudTrail recorded. It tells who asked and when, not what was signed. */
export type SignTrailEvent = {
  readonly eventId: string
  /** What KMS told the caller in the header of its answer. */
  readonly requestId: string
  /** Milliseconds since 1970, of whole seconds. */
  readonly at: number
  readonly region: string
  readonly keyArn: string
  /** An ARN, or the kind of identity and its account. */
  readonly caller: string
  readonly sourceIp?: string
  /** Present when KMS signed nothing: it refused, or was asked for a dry run. */
  readonly errorCode?: string
  /** The same in the two events that one call from another account has. */
  readonly sharedEventId?: string
}

/** A record of which nobody can say whether it is a signature that we made. */
export type UnreadableRecord = {
  /** Where it stands: an event id, or a file and a number. */
  readonly place: string
  readonly reason: string
  /** When it could be read. */
  readonly keyArn?: string
}

/** What a record turned out to be. */
export type TrailReading =
  | { readonly kind: 'sign'; readonly event: SignTrailEvent }
  | { readonly kind: 'other' }
  | ({ readonly kind: 'unreadable' } & UnreadableRecord)

type Fields = Readonly<Record<string, unknown>>

/**
 * @param record - As in `Records` of a delivered file, or parsed from `CloudTrailEvent` of LookupEvents.
 * @param place - Shown when it cannot be read and has no event id.
 * @param operation - Of KMS; what is of another one is `other`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function readTrailEvent(record: unknown, place: string, operation = 'Sign'): TrailReading {
  if (!isRecord(record)) return { kind: 'unreadable', place, reason: 'it is not an object' }
  const { eventSource, eventName, eventID } = record
  const where = textOf(eventID) ?? place
  if (textOf(eventSource) === undefined || textOf(eventName) === undefined)
    return { kind: 'unreadable', place: where, reason: 'it names no service and operation' }
  if (!/^kms\.amazonaws\.com(\.cn)?$/.test(String(eventSource)) || eventName !== operation)
    return { kind: 'other' }
  const keyArn = keyOf(record)
  const lacks = missingField(record, keyArn)
  if (lacks === undefined && keyArn !== undefined)
    return { kind: 'sign', event: signEvent(record, keyArn) }
  const errorCode = textOf(record['errorCode'])
  // A call that failed may name a key that is none.
  if (lacks === 'the ARN of its key' && errorCode !== undefined) return { kind: 'other' }
  const reason = `a ${operation} event without ${lacks}`
  return { kind: 'unreadable', place: where, reason, ...(keyArn === undefined ? {} : { keyArn }) }
}

function missingField(record: Fields, keyArn: string | undefined): string | undefined {
  const { requestID, eventID, eventTime, awsRegion, errorCode } = record
  if (textOf(eventID) === undefined) return 'eventID'
  if (textOf(requestID) === undefined) return 'requestID'
  if (timeOf(eventTime) === undefined) return 'a time'
  if (textOf(awsRegion) === undefined) return 'awsRegion'
  if (errorCode !== undefined && errorCode !== null && textOf(errorCode) === undefined)
    return 'a readable errorCode'
  return keyArn === undefined ? 'the ARN of its key' : undefined
}

function signEvent(record: Fields, keyArn: string): SignTrailEvent {
  const sourceIp = textOf(record['sourceIPAddress'])
  const sharedEventId = textOf(record['sharedEventID'])
  const errorCode =
    textOf(record['errorCode']) ?? (isDryRun(record) ? 'DryRunOperationException' : undefined)
  return {
    eventId: textOf(record['eventID']) ?? '',
    requestId: textOf(record['requestID']) ?? '',
    at: timeOf(record['eventTime']) ?? 0,
    region: textOf(record['awsRegion']) ?? '',
    keyArn,
    caller: callerOf(record['userIdentity']),
    ...(sourceIp === undefined ? {} : { sourceIp }),
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(sharedEventId === undefined ? {} : { sharedEventId }),
  }
}

/** By what KMS resolved the name to; the name itself may be an alias, which can be moved. */
function keyOf(record: Fields): string | undefined {
  const { resources, requestParameters, awsRegion, recipientAccountId } = record
  const arns = (Array.isArray(resources) ? resources : [])
    .map((resource: unknown) => (isRecord(resource) ? resource['ARN'] : undefined))
    .filter((arn) => keyIdentity(arn) !== undefined)
  if (arns.length > 0) return String(arns[0])
  // Endpoints that record no resources write the parameters as they were sent.
  const named = isRecord(requestParameters)
    ? (textOf(requestParameters['keyId']) ?? textOf(requestParameters['KeyId']))
    : undefined
  if (named === undefined) return undefined
  if (keyIdentity(named) !== undefined) return named
  return keyArnOf(named, textOf(awsRegion) ?? '', textOf(recipientAccountId) ?? '')
}

function isDryRun({ requestParameters }: Fields): boolean {
  if (!isRecord(requestParameters)) return false
  const { dryRun, DryRun } = requestParameters
  return dryRun === true || DryRun === true
}

function callerOf(identity: unknown): string {
  if (!isRecord(identity)) return 'unknown'
  const { arn, type, accountId, invokedBy } = identity
  return (
    textOf(arn) ??
    ([type, accountId ?? invokedBy].flatMap((x) => textOf(x) ?? []).join(' ') || 'unknown')
  )
}

/** Milliseconds since 1970; `undefined` for anything but ISO 8601 in UTC. */
function timeOf(value: unknown): number | undefined {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)
  const at = isTime ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** @returns A text of 1 to 2,048 characters. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 2_048 ? value : undefined

const isRecord = (value: unknown): value is Fields => isObject(value) && !Array.isArray(value)
