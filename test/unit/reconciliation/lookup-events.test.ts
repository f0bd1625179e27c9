import { CloudTrailClient, type LookupEventsCommandInput } from '@aws-sdk/client-cloudtrail'
import { jest } from '@jest/globals'
import { type LookUpOptions, lookUpSignEvents, slackMs } from '../../../src/reconciliation/index.ts'
import { signRecord } from '../../support/trail-events.ts'

type Page = { Events?: object[]; NextToken?: string }

const now = Date.now()
const span = { from: now - 3_600_000, to: now }

/** A client of these answers. */
function clientOf(...answers: (Page | Error)[]) {
  const asked: { readonly input: LookupEventsCommandInput; readonly at: number }[] = []
  const client = new CloudTrailClient({ region: 'eu-central-1' })
  client.send = (async ({ input }: { input: LookupEventsCommandInput }) => {
    asked.push({ input, at: performance.now() })
    const answer = answers.shift() ?? {}
    if (answer instanceof Error) throw answer
    return answer
  }) as unknown as typeof client.send // the one command that is sent
  return { client, asked }
}

async function all(options: Partial<LookUpOptions>) {
  const found: unknown[] = []
  for await (const one of lookUpSignEvents({ ...span, ...options } as LookUpOptions))
    found.push(one)
  return found
}
const told = (record: unknown = signRecord()) => ({
  EventId: 'e',
  CloudTrailEvent: JSON.stringify(record),
})
const errorOf = (name: string, status: number) =>
  Object.assign(new Error('secret'), { name, $metadata: { httpStatusCode: status } })

describe('lookUpSignEvents', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] }))
  afterEach(() => jest.useRealTimers())

  it('asks for all pages, two a second, with more time on both sides', async () => {
    const { client, asked } = clientOf(
      { Events: [told()], NextToken: '1' },
      { Events: [], NextToken: '2' },
      { Events: [told()] },
    )
    const reading = all({ client })
    await jest.advanceTimersByTimeAsync(499)
    expect(asked).toHaveLength(1)
    await jest.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(2)
    await jest.advanceTimersByTimeAsync(500)
    expect(await reading).toMatchObject([{ kind: 'sign' }, { kind: 'sign' }])
    expect(asked.map(({ input }) => input.NextToken)).toEqual([undefined, '1', '2'])
    expect(asked[0]?.input).toMatchObject({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'Sign' }],
      StartTime: new Date(span.from - slackMs),
      EndTime: new Date(span.to + slackMs),
    })
  })

  it.each([[undefined], ['{'], ['null']])(
    'tells of an event of which the record is %s',
    async (CloudTrailEvent) => {
      const { client } = clientOf({ Events: [{ EventId: 'e', CloudTrailEvent }] })
      expect(await all({ client })).toMatchObject([{ kind: 'unreadable', place: 'e' }])
    },
  )

  it.each([
    ['TRAIL_DENIED', errorOf('AccessDeniedException', 400)],
    ['TRAIL_DENIED', errorOf('UnrecognizedClientException', 400)],
    ['TRAIL_UNAVAILABLE', errorOf('ThrottlingException', 400)],
    ['TRAIL_UNAVAILABLE', errorOf('InternalFailure', 500)],
    ['TRAIL_UNAVAILABLE', new Error('socket')],
  ])('rejects with %s for %s, without its text', async (code, error) => {
    const { client } = clientOf(error)
    await expect(all({ client })).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining('secret'),
    })
  })

  it('gives no verdict on a part of the events', async () => {
    const { client } = clientOf({ Events: [told(), told()] })
    await expect(all({ client, maxEvents: 1 })).rejects.toMatchObject({ code: 'TRAIL_TOO_LONG' })
  })

  it('does not turn in circles', async () => {
    const { client } = clientOf({ NextToken: '1' }, { NextToken: '1' })
    const reading = expect(all({ client })).rejects.toMatchObject({ code: 'TRAIL_UNAVAILABLE' })
    await jest.advanceTimersByTimeAsync(500)
    await reading
  })

  it.each<[string, object]>([
    ['from', { from: now - 91 * 86_400_000 }],
    ['client', { client: 'me' }],
    ['maxEvents', { maxEvents: 0 }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['signal', { signal: 7 }],
    ['region', { region: 'eu-central-1' }],
  ])('refuses a wrong %s', async (option, changes) => {
    const { client } = clientOf()
    await expect(all({ client, ...changes })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })
})
