import { gzipSync } from 'node:zlib'
import { S3Client } from '@aws-sdk/client-s3'
import {
  readTrailBucket,
  type TrailBucketOptions,
  type TrailReading,
} from '../../../src/reconciliation/index.ts'
import { account, at, signRecord } from '../../support/trail-events.ts'

const HOUR = 3_600_000
const place = { accountId: account, region: 'eu-central-1' }
const span = { from: at - HOUR, to: at + HOUR }
const folder = `AWSLogs/${account}/CloudTrail/eu-central-1`

type Call = { readonly name: string; readonly input: Readonly<Record<string, unknown>> }
type Answer = (call: Call) => unknown

/** A client that answers so, and what it was asked. */
function clientOf(answer: Answer) {
  const asked: Call[] = []
  const client = new S3Client({ region: 'eu-central-1' })
  client.send = (async (command: { constructor: { name: string }; input: Call['input'] }) => {
    const call = { name: command.constructor.name, input: command.input }
    asked.push(call)
    const answered = answer(call)
    if (answered instanceof Error) throw answered
    return answered
  }) as unknown as typeof client.send // the two commands that are sent
  return { client, asked }
}
const bodyOf = (bytes: Uint8Array) => ({
  ContentLength: bytes.length,
  Body: { transformToByteArray: async () => bytes },
})
const packed = (...records: readonly object[]) =>
  bodyOf(gzipSync(JSON.stringify({ Records: records })))

/** These files, each by its key. */
const filesOf =
  (files: Readonly<Record<string, unknown>>): Answer =>
  ({ name, input }) =>
    name === 'ListObjectsV2Command'
      ? {
          Contents: Object.keys(files)
            .filter((key) => key.startsWith(String(input['Prefix'])))
            .map((Key) => ({ Key })),
        }
      : files[String(input['Key'])]

async function read(answer: Answer, options: Partial<TrailBucketOptions> = {}) {
  const { client, asked } = clientOf(answer)
  const found: TrailReading[] = []
  const given = { client, bucket: 'our-trail', places: [place], ...span, ...options }
  for await (const one of readTrailBucket(given)) found.push(one)
  return { found, asked }
}
const prefixesOf = (asked: readonly Call[]) =>
  asked.filter(({ name }) => name === 'ListObjectsV2Command').map(({ input }) => input['Prefix'])
const errorOf = (name: string, status: number) =>
  Object.assign(new Error('secret'), { name, $metadata: { httpStatusCode: status } })

describe('readTrailBucket', () => {
  it('reads each file of the day, and nothing that is no log', async () => {
    const { found } = await read(
      filesOf({
        [`${folder}/2026/11/20/a.json.gz`]: packed(signRecord(), {
          eventSource: 'x',
          eventName: 'y',
        }),
        [`${folder}/2026/11/20/b.json.gz`]: packed(signRecord()),
        [`${folder}/2026/11/20/`]: new Error('it is no file'),
        [`AWSLogs/${account}/CloudTrail-Digest/eu-central-1/2026/11/20/c.json.gz`]: packed(),
      }),
    )
    expect(found.map(({ kind }) => kind)).toEqual(['sign', 'other', 'sign'])
  })

  it('lists the day before too, right after midnight', async () => {
    const early = Date.parse('2026-11-20T00:05:00Z')
    const { asked } = await read(filesOf({}), { from: early, to: early + HOUR })
    expect(prefixesOf(asked)).toEqual([`${folder}/2026/11/19/`, `${folder}/2026/11/20/`])
  })

  it('lists the days in question, with what is delivered after midnight', async () => {
    const late = Date.parse('2026-11-20T23:30:00Z')
    const { asked } = await read(filesOf({}), { from: late - 24 * HOUR, to: late })
    expect(prefixesOf(asked)).toEqual([
      `${folder}/2026/11/19/`,
      `${folder}/2026/11/20/`,
      `${folder}/2026/11/21/`,
    ])
  })

  it.each([
    ['', 'AWSLogs/'],
    ['flow', 'flow/AWSLogs/'],
    ['flow/', 'flow/AWSLogs/'],
    ['flow/AWSLogs/o-1a2b3c', 'flow/AWSLogs/o-1a2b3c/'],
  ])('with the prefix %j looks below %s', async (prefix, root) => {
    const { asked } = await read(filesOf({}), { prefix })
    expect(prefixesOf(asked)).toEqual([`${root}${account}/CloudTrail/eu-central-1/2026/11/20/`])
  })

  it('looks in each place', async () => {
    const places = [place, { accountId: '444455556666', region: 'cn-north-1' }]
    const { asked } = await read(filesOf({}), { places })
    expect(prefixesOf(asked)).toEqual([
      `${folder}/2026/11/20/`,
      'AWSLogs/444455556666/CloudTrail/cn-north-1/2026/11/20/',
    ])
  })

  it('takes all pages, and refuses one that comes again', async () => {
    const pages = [
      { Contents: [{ Key: `${folder}/a.json.gz` }], NextContinuationToken: '1' },
      { Contents: [{ Key: `${folder}/b.json.gz` }] },
    ]
    const { found, asked } = await read(({ name }) =>
      name === 'ListObjectsV2Command' ? pages.shift() : packed(signRecord()),
    )
    expect(found).toHaveLength(2)
    expect(asked.map(({ input }) => input['ContinuationToken'])).toContain('1')
    const again = read(() => ({ NextContinuationToken: '1' }))
    await expect(again).rejects.toMatchObject({ code: 'TRAIL_UNAVAILABLE' })
  })

  it.each<[string, unknown]>([
    ['is gone', errorOf('NoSuchKey', 404)],
    ['is longer than any log', { ...packed(signRecord()), ContentLength: 67_108_865 }],
    ['is no log', bodyOf(new Uint8Array([1, 2, 3]))],
    ['is a log cut short', bodyOf(gzipSync('{"Records":[').subarray(0, 10))],
  ])('tells of a file that %s', async (_, file) => {
    const key = `${folder}/2026/11/20/a.json.gz`
    const { found } = await read(filesOf({ [key]: file }))
    expect(found).toMatchObject([{ kind: 'unreadable', place: key }])
  })

  it('reads no more events than it may', async () => {
    const files = filesOf({ [`${folder}/2026/11/20/a.json`]: packed(signRecord(), signRecord()) })
    await expect(read(files, { maxEvents: 2 })).resolves.toMatchObject({ found: [{}, {}] })
    await expect(read(files, { maxEvents: 1 })).rejects.toMatchObject({
      code: 'TRAIL_TOO_LONG',
      context: { maxEvents: 1 },
    })
  })

  it.each<[string, string, Error]>([
    ['TRAIL_DENIED', 's3:ListBucket', errorOf('AccessDenied', 403)],
    ['TRAIL_DENIED', 's3:ListBucket', errorOf('NoSuchBucket', 404)],
    ['TRAIL_UNAVAILABLE', '', errorOf('SlowDown', 503)],
    ['TRAIL_UNAVAILABLE', '', new Error('secret')],
    ['TRAIL_UNAVAILABLE', '', Object.assign(new Error('secret'), { code: 'ECONNRESET' })],
  ])('answers %s %s when S3 does so', async (code, operation, error) => {
    const thrown = await read(() => error).catch((one: unknown) => one)
    expect(thrown).toMatchObject({ code, context: operation === '' ? {} : { operation } })
    expect(String(thrown)).not.toContain('secret')
  })

  it('says which right lacks for one file: that of the key that encrypts it, say', async () => {
    const key = `${folder}/2026/11/20/a.json.gz`
    await expect(read(filesOf({ [key]: errorOf('AccessDenied', 403) }))).rejects.toMatchObject({
      code: 'TRAIL_DENIED',
      context: { operation: 's3:GetObject' },
    })
  })

  it('stops when it is told to', async () => {
    const { signal } = { signal: AbortSignal.abort(new Error('enough')) }
    await expect(read(filesOf({}), { signal })).rejects.toThrow('enough')
  })

  it.each<[string, Partial<Record<keyof TrailBucketOptions | 'day', unknown>>]>([
    ['client', { client: 'eu-central-1' }],
    ['bucket', { bucket: 'Our_Trail' }],
    ['prefix', { prefix: 'a b' }],
    ['places', { places: [] }],
    ['places', { places: [{ accountId: '1', region: 'eu-central-1' }] }],
    ['places', { places: [{ accountId: account, region: '../..' }] }],
    ['to', { to: at - 48 * HOUR }],
    ['to', { to: Number.NaN }],
    ['to', { from: 0 }],
    ['maxEvents', { maxEvents: 0 }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['signal', { signal: 'now' }],
    ['day', { day: 'today' }],
  ])('refuses a wrong %s: %j', async (option, change) => {
    const wrong = change as Partial<TrailBucketOptions> // which it is not
    await expect(read(filesOf({}), wrong)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })
})
