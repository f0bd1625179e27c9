import { refusal } from '../kms-endpoint.ts'
import {
  ago,
  askedFor,
  code,
  DAY_MS,
  openRetirementWorld,
  type RetirementWorld,
  trailOf,
} from './retirement-world.ts'

const now = () => Date.now()
const denied = refusal('AccessDeniedException')
const about = (at: number) => {
  const nearly = { asymmetricMatch: (value: unknown) => Math.abs(Number(value) - at) < 60_000 }
  return nearly as unknown as number // a matcher
}

/** A time so many days from now, within a minute. */
const inDays = (days: number) => about(now() + days * DAY_MS)

describe('whether a key is unused, by GetKeyLastUsage', () => {
  it.each<[string, Parameters<RetirementWorld['used']>[0], number, number | undefined]>([
    ['used 8 days ago', { at: now() - 8 * DAY_MS }, 8, undefined],
    ['used 6 days ago', { at: now() - 6 * DAY_MS }, 8, 1],
    ['used an hour ago', { at: now() - DAY_MS / 24 }, 30, 7 - 1 / 24],
    ['revoked 6 days ago', {}, 6, 1],
    ['revoked just now', {}, 0, 7],
    ['told of from 8 days ago on', { since: now() - 8 * DAY_MS }, 8, undefined],
    ['told of from 3 days ago on', { since: now() - 3 * DAY_MS }, 8, 4],
    [
      'made 3 days ago, and told of since',
      { since: now() - 3 * DAY_MS, made: now() - 3 * DAY_MS },
      8,
      undefined,
    ],
  ])('of one that was %s', async (_, facts, revoked, days) => {
    await using world = await openRetirementWorld()
    world.used(facts)
    const answer = await world.retirement().unused(ago(revoked))
    expect(answer).toMatchObject(
      days === undefined ? { unused: true } : { unused: false, askAgainAt: inDays(days) },
    )
  })

  it('is asked again in an hour at the earliest', async () => {
    await using world = await openRetirementWorld()
    world.kms.always('GetKeyLastUsage', denied)
    expect(await world.retirement().unused(ago(30))).toMatchObject({
      unused: false,
      askAgainAt: inDays(1 / 24),
    })
  })

  it.each([
    ['is denied', denied, 'kms:GetKeyLastUsage is denied'],
    ['is not known there', refusal('UnknownOperationException'), 'does not know GetKeyLastUsage'],
    ['is not known to MiniStack', refusal('InvalidAction'), 'does not know GetKeyLastUsage'],
    ['tells no dates', { body: {} }, 'has no dates'],
    [
      'tells an operation without its time',
      { body: { TrackingStartDate: 1, KeyLastUsage: { Operation: 'Sign' } } },
      'has no dates',
    ],
  ])('proves nothing when it %s', async (_, step, missing) => {
    await using world = await openRetirementWorld()
    world.kms.always('GetKeyLastUsage', step)
    const { unused, remove } = world.retirement()
    const reason = expect.stringContaining(missing)
    expect(await unused(ago(30))).toMatchObject({ unused: false, reason })
    expect(await unused(ago(30))).toMatchObject({ reason: expect.stringContaining('as trail') })
    await expect(remove(ago(30))).rejects.toEqual(code('KEY_STILL_USED', { reason }))
  })

  it('rejects when KMS fails for a while', async () => {
    await using world = await openRetirementWorld()
    world.kms.always('GetKeyLastUsage', refusal('KMSInternalException', 500))
    const { unused } = world.retirement({ limits: { totalTimeoutMs: 300 } })
    await expect(unused(ago(8))).rejects.toEqual(code('KMS_UNAVAILABLE'))
  })

  it('is not asked for no days', async () => {
    await using world = await openRetirementWorld()
    world.used({ at: now() })
    const { unused, remove } = world.retirement({ unusedForDays: 0 })
    expect(await unused(ago(0))).toMatchObject({ unused: true, note: { done: false } })
    expect(await remove(ago(0))).toMatchObject({ done: true })
    expect(world.kms.count('GetKeyLastUsage')).toBe(0)
  })
})

describe('whether a key is unused, by CloudTrail', () => {
  async function openAlone() {
    const world = await openRetirementWorld()
    world.kms.always('GetKeyLastUsage', refusal('UnknownOperationException'))
    return world
  }

  it('is proved by its silence alone, over the whole time', async () => {
    await using world = await openAlone()
    const { client, asked } = trailOf([])
    const answer = await world.retirement({ trail: client }).unused(ago(8))
    expect(answer).toMatchObject({ unused: true, note: { done: true } })
    expect(asked).toHaveLength(1)
    const [{ StartTime, LookupAttributes } = {}] = asked
    expect(LookupAttributes).toEqual([{ AttributeKey: 'EventName', AttributeValue: 'Sign' }])
    expect(StartTime?.getTime()).toBeLessThanOrEqual(now() - 7 * DAY_MS)
  })

  it('is not proved for longer than it goes back', async () => {
    await using world = await openAlone()
    const { unused } = world.retirement({ trail: trailOf([]).client, unusedForDays: 100 })
    expect(await unused(ago(200))).toMatchObject({ unused: false, askAgainAt: inDays(10) })
  })

  it.each<[string, (arn: string) => Record<string, unknown>, number | undefined]>([
    ['was used 3 days ago', (arn) => askedFor(arn, 3), 4],
    ['was used 8 days ago', (arn) => askedFor(arn, 8), undefined],
    [
      'was asked for in vain, since it is disabled',
      (arn) => askedFor(arn, 3, { errorCode: 'DisabledException' }),
      4,
    ],
    [
      'was asked for in vain, since it waits for its deletion',
      (arn) => askedFor(arn, 3, { errorCode: 'KMSInvalidStateException' }),
      4,
    ],
    [
      'was asked for by somebody who may not',
      (arn) => askedFor(arn, 3, { errorCode: 'AccessDenied' }),
      undefined,
    ],
    ['is another', (arn) => askedFor(arn.replace(/.{4}$/, '0000'), 3), undefined],
    ['is not named', (arn) => askedFor(arn, 3, { resources: [], requestParameters: {} }), 1 / 24],
    [
      'is another, and its record is no whole one',
      (arn) => askedFor(arn.replace(/.{4}$/, '0000'), 3, { requestID: '' }),
      undefined,
    ],
    [
      'was used, by a record that is no whole one',
      (arn) => askedFor(arn, 3, { requestID: '' }),
      1 / 24,
    ],
  ])('when a key that %s', async (_, record, days) => {
    await using world = await openAlone()
    const trail = trailOf([record(world.oldArn)]).client
    expect(await world.retirement({ trail }).unused(ago(8))).toMatchObject(
      days === undefined ? { unused: true } : { unused: false, askAgainAt: inDays(days) },
    )
  })

  it('adds what was asked for in vain to what KMS tells', async () => {
    await using world = await openRetirementWorld()
    const trail = trailOf([askedFor(world.oldArn, 3, { errorCode: 'DisabledException' })]).client
    expect(await world.retirement({ trail }).unused(ago(30))).toMatchObject({
      unused: false,
      askAgainAt: inDays(4),
      reason: expect.stringContaining('refused (DisabledException)'),
    })
  })

  const failure = (name: string, status: number) =>
    Object.assign(new Error('secret'), { name, $metadata: { httpStatusCode: status } })
  it('says what is denied, and goes by what KMS tells', async () => {
    await using world = await openRetirementWorld()
    const trail = trailOf(failure('AccessDeniedException', 400)).client
    const { unused } = world.retirement({ trail })
    expect(await unused(ago(8))).toMatchObject({
      unused: true,
      note: { text: expect.stringContaining('cloudtrail:LookupEvents is denied') },
    })
    world.kms.always('GetKeyLastUsage', denied)
    expect(await unused(ago(8))).toMatchObject({
      unused: false,
      reason: expect.stringContaining('cloudtrail:LookupEvents is denied'),
    })
  })

  it('rejects when CloudTrail fails for a while', async () => {
    await using world = await openAlone()
    const trail = trailOf(failure('InternalFailure', 500)).client
    await expect(world.retirement({ trail }).unused(ago(8))).rejects.toEqual(
      code('TRAIL_UNAVAILABLE'),
    )
  })

  it('does not believe half of the events', async () => {
    await using world = await openAlone()
    const other = askedFor(world.oldArn.replace(/.{4}$/, '0000'), 3)
    const trail = trailOf(Array.from({ length: 12_001 }, () => other)).client
    expect(await world.retirement({ trail }).unused(ago(8))).toMatchObject({
      unused: false,
      reason: expect.stringContaining('more than 12000 events'),
    })
  })
})
