import {
  type OwnReading,
  type OwnSignature,
  type ReconcileOptions,
  reconcile,
} from '../../../src/reconciliation/index.ts'
import { readTrailEvent } from '../../../src/reconciliation/trail-event.ts'
import { at, keyArn, mrkArn, signRecord } from '../../support/trail-events.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

const ours = (changes: Partial<OwnSignature> = {}): OwnReading => ({
  kind: 'own',
  signature: { at: at + 900, requestId: 'r', keyArn, unanswered: 0, place: 'line 1', ...changes },
})

function judge(
  records: readonly unknown[],
  own: readonly OwnReading[],
  options: Partial<ReconcileOptions> = {},
) {
  return reconcile({
    keys: [keyArn],
    from: at - HOUR,
    to: at + HOUR,
    now: at + HOUR,
    events: records.map((record, index) => readTrailEvent(record, `record ${index + 1}`)),
    own,
    ...options,
  })
}
const event = (changes: Record<string, unknown> = {}) => signRecord({ requestID: 'r', ...changes })

describe('signatures that CloudTrail tells of', () => {
  it('agree when each is ours', async () => {
    expect(await judge([event()], [ours()])).toMatchObject({
      verdict: 'agrees',
      matched: 1,
      foreign: [],
      missing: [],
    })
  })

  it('are an alarm when we have no record of one', async () => {
    const told = await judge([event(), event({ requestID: 'theirs' })], [ours()])
    expect(told).toMatchObject({
      verdict: 'alarm',
      matched: 1,
      foreign: [{ requestId: 'theirs', why: 'unknown', sourceIp: '192.0.2.7', keyArn }],
    })
  })

  it('are an alarm when our record with that request id is of another key', async () => {
    const other = keyArn.replace('0a1b', '9a1b')
    const told = await judge([event()], [ours({ keyArn: other })], { keys: [keyArn, other] })
    expect(told.foreign).toMatchObject([{ why: 'another key' }])
  })

  it('are an alarm when two events of different calls share a request id', async () => {
    const told = await judge([event({ eventID: 'a' }), event({ eventID: 'b' })], [ours()])
    expect(told).toMatchObject({ matched: 1, foreign: [{ why: 'told twice', eventId: 'b' }] })
  })

  it('count once when a page repeats the event of a call within one account', async () => {
    const told = await judge([event({ eventID: 'a' }), event({ eventID: 'a' })], [ours()])
    expect(told).toMatchObject({ verdict: 'agrees', matched: 1, repeated: 1 })
  })

  it('count once when pages or files repeat them, and when both accounts tell of one call', async () => {
    const shared = { sharedEventID: 's' }
    const told = await judge(
      [
        event({ eventID: 'a', ...shared }),
        event({ eventID: 'a', ...shared }),
        event({ eventID: 'b', recipientAccountId: '444455556666', ...shared }),
      ],
      [ours()],
    )
    expect(told).toMatchObject({ verdict: 'agrees', matched: 1, repeated: 2 })
  })

  it('are of one key in every Region where it has a replica', async () => {
    const keys = [mrkArn('eu-central-1')]
    const records = [event({ keyArn: mrkArn('us-east-1') })]
    const own = [ours({ keyArn: mrkArn('us-east-1') })]
    expect(await judge(records, own, { keys })).toMatchObject({ matched: 1, foreign: [] })
    expect(await judge(records, [], { keys })).toMatchObject({ verdict: 'alarm' })
  })

  it('of other keys, and of the same id in another account, do not matter', async () => {
    const others = [
      keyArn.replace('0a1b', '9a1b'),
      keyArn.replace('111122223333', '444455556666'),
      keyArn.replace('eu-central-1', 'us-east-1'),
    ]
    const told = await judge(
      others.map((arn) => event({ keyArn: arn, requestID: arn.slice(-5) })),
      [],
    )
    expect(told).toMatchObject({ verdict: 'agrees', matched: 0 })
  })

  it('are no signatures when they failed', async () => {
    expect(await judge([event({ errorCode: 'ThrottlingException' })], [])).toMatchObject({
      verdict: 'agrees',
      failed: 1,
    })
  })

  it.each([
    ['before', { eventTime: new Date(at - HOUR - 1_000).toISOString().replace('.000', '') }],
    ['at the end of', { eventTime: new Date(at + HOUR).toISOString().replace('.000', '') }],
  ])('are left to another run %s what is judged', async (_, changes) => {
    expect(await judge([event(changes)], [])).toMatchObject({ verdict: 'agrees' })
  })

  it('agree across the edge of what is judged, by records from just outside', async () => {
    const own = [ours({ at: at + HOUR + MINUTE })]
    const eventTime = new Date(at + HOUR - MINUTE).toISOString().replace('.000', '')
    expect(await judge([event({ eventTime })], own)).toMatchObject({ matched: 1, foreign: [] })
  })
})

it('is ours by a record that was written down hours later', async () => {
  const own = [ours({ at: at + 5 * HOUR })]
  expect(await judge([event()], own)).toMatchObject({ verdict: 'agrees', matched: 1 })
})

describe('a request that was never answered', () => {
  const open = ours({ requestId: 'second', unanswered: 1 })
  const second = () => event({ requestID: 'second' })

  it('accounts for one signature of its key', async () => {
    const told = await judge([event({ requestID: 'lost' }), second()], [open])
    expect(told).toMatchObject({
      verdict: 'agrees',
      matched: 1,
      unanswered: [{ requestId: 'lost' }],
    })
  })

  it('accounts for no second one', async () => {
    const told = await judge(
      [event({ requestID: 'a' }), event({ requestID: 'b' }), second()],
      [open],
    )
    expect(told).toMatchObject({ verdict: 'alarm', unanswered: [{}], foreign: [{}] })
  })

  it.each([
    ['of another key', { keyArn: keyArn.replace('0a1b', '9a1b') }],
    ['long before our record', { eventTime: '2026-11-20T09:50:00Z' }],
    ['after our record', { eventTime: '2026-11-20T10:00:30Z' }],
  ])('accounts for none %s', async (_, changes) => {
    const keys = [keyArn, keyArn.replace('0a1b', '9a1b')]
    const told = await judge([event({ requestID: 'a', ...changes }), second()], [open], { keys })
    expect(told).toMatchObject({ verdict: 'alarm', unanswered: [] })
  })

  it('accounts for none when its key is not known', async () => {
    const own = [ours({ requestId: 'second', unanswered: 1 })].map((one): OwnReading => {
      if (one.kind !== 'own') return one
      const { keyArn: _, ...signature } = one.signature
      return { kind: 'own', signature }
    })
    expect(await judge([event({ requestID: 'a' }), second()], own)).toMatchObject({
      verdict: 'alarm',
    })
  })
})

describe('signatures of ours', () => {
  it('may still come to CloudTrail while they are young', async () => {
    expect(await judge([], [ours()], { now: at + 19 * MINUTE })).toMatchObject({
      verdict: 'agrees',
      late: 1,
    })
  })

  it.each([
    ['nothing is recorded of the key', [], 'no events'],
    ['others are recorded', [event({ requestID: 'other', errorCode: 'X' })], 'event missing'],
    ['the event says that it failed', [event({ errorCode: 'X' })], 'told as failed'],
  ])('are missing later, and %s', async (_, records, why) => {
    expect(await judge(records, [ours()])).toMatchObject({
      verdict: 'incomplete',
      late: 0,
      missing: [{ requestId: 'r', place: 'line 1', why }],
    })
  })

  it('of keys that are not asked for do not matter', async () => {
    const own = [ours({ keyArn: keyArn.replace('0a1b', '9a1b') })]
    expect(await judge([], own)).toMatchObject({ verdict: 'agrees' })
  })
})

describe('what cannot be read', () => {
  it('is told, and leaves the verdict open', async () => {
    const bad: OwnReading = { kind: 'unreadable', place: 'line 7', reason: 'it is not JSON' }
    const told = await judge([{ ...event(), requestID: undefined, eventID: 'e' }, null], [bad])
    expect(told).toMatchObject({
      verdict: 'incomplete',
      unreadable: [
        { place: 'line 7' },
        { place: 'e', keyArn },
        { place: 'record 2', reason: 'it is not an object' },
      ],
    })
  })

  it('does not matter of a key that is not asked for', async () => {
    const record = event({ keyArn: keyArn.replace('0a1b', '9a1b'), requestID: undefined })
    expect(await judge([record], [])).toMatchObject({ verdict: 'agrees' })
  })
})

describe('options of reconcile', () => {
  it.each<[string, object]>([
    ['keys', { keys: [] }],
    ['keys', { keys: ['alias/a'] }],
    ['keys', { keys: ['0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9'] }],
    ['from', { from: -1 }],
    ['from', { from: Number.NaN }],
    ['to', { to: at - HOUR }],
    ['lateMs', { lateMs: 0.5 }],
    ['late', { late: 1 }],
  ])('refuse a wrong %s', async (option, changes) => {
    await expect(judge([], [], changes)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })
})
