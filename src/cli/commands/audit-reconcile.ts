/** `fcl-kms audit reconcile`. @module */

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import {
  lookUpSignEvents,
  type Reconciliation,
  readOwnSignatures,
  readTrailBucket,
  readTrailFolder,
  reconcile,
  slackMs,
  type TrailReading,
} from '../../reconciliation/index.ts'
import { describeAwsKmsKey } from '../../signers/aws-kms/index.ts'
import { type Command, type Context, exitCodes } from '../command.ts'
import { kmsFlags, kmsSettings } from '../settings.ts'
import { facts } from '../text.ts'
import { usage } from '../values.ts'

export const auditReconcile: Command = {
  name: 'audit reconcile',
  summary: 'Compare the Sign events of CloudTrail with our own records',
  flags: {
    key: { value: 'id', multiple: true, help: 'A KMS key: its ARN, or a name that KMS resolves' },
    records: {
      value: 'file',
      help: 'Our own records, JSON Lines: of onSign, onRequest, or audit export; - is stdin',
    },
    since: { value: 'time', help: 'How far back, such as 90m, 24h or 7d; default 24h' },
    from: { value: 'time', help: 'Instead of --since: ISO 8601' },
    to: { value: 'time', help: 'ISO 8601; default now' },
    logs: {
      value: 'place',
      help: 'Delivered log files instead of LookupEvents: a folder, or s3://<bucket>/<prefix>',
    },
    'trail-region': {
      value: 'name',
      multiple: true,
      help: 'Look up in this Region too; those of the keys and their replicas are known',
    },
    ...kmsFlags,
  },
  examples: [
    '--key alias/flow-minter --records signatures.jsonl',
    '--key alias/flow-minter --records audit.jsonl --logs ./AWSLogs --since 7d --json',
    '--key alias/flow-minter --records audit.jsonl --logs s3://our-trail --since 120d',
  ],
  async run(context) {
    const { values, signal } = context
    const settings = kmsSettings(context)
    const span = spanOf(context)
    const records = linesOf(values.required('records'), context)
    const keys = await Promise.all(values.some('key').map((key) => resolveKey(key, settings)))
    const logs = values.optional('logs')
    const regions = new Set([
      ...keys.flatMap((key) => key.regions),
      ...values.many('trail-region').map(checkedRegion),
    ])
    const events =
      logs === undefined
        ? lookUpIn(regions, { settings, span, signal })
        : logs.startsWith('s3://')
          ? readTrailBucket({
              ...{ ...bucketOf(logs, settings, keys), ...span, signal },
              places: placesOf(keys, values.many('trail-region')),
            })
          : readTrailFolder(logs, { signal })
    const told = await reconcile({
      keys: keys.map(({ arn }) => arn),
      ...span,
      events,
      own: readOwnSignatures(records),
    })
    return {
      value: { ...told, from: timeText(told.from), to: timeText(told.to) },
      lines: linesOfVerdict(told),
      exitCode: told.verdict === 'agrees' ? exitCodes.ok : exitCodes.problem,
    }
  },
}

type Settings = ReturnType<typeof kmsSettings>

/** An ARN needs no call, unless there are replicas in other Regions to ask for. */
async function resolveKey(key: string, settings: Settings) {
  const named = /^arn:[a-z-]+:kms:([a-z0-9-]+):\d{12}:key\/(?!mrk-)/.exec(key)
  if (named?.[1] !== undefined) return { arn: key, regions: [named[1]] }
  const { keyArn, regions = [] } = await describeAwsKmsKey({ ...settings, keyId: key })
  return { arn: keyArn, regions: [keyArn.split(':')[3] ?? '', ...regions] }
}

type Resolved = { readonly arn: string; readonly regions: readonly string[] }

/** Files lie by account and Region. */
function placesOf(keys: readonly Resolved[], more: readonly string[]) {
  const all = keys.flatMap(({ arn, regions }) =>
    [...regions, ...more].map((region) => ({ accountId: arn.split(':')[4] ?? '', region })),
  )
  return [...new Map(all.map((place) => [JSON.stringify(place), place])).values()]
}

function bucketOf(logs: string, settings: Settings, [first]: readonly Resolved[]) {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(logs) ?? []
  if (bucket === undefined) throw usage('--logs', 'it is not s3://<bucket>/<prefix>')
  const { region = first?.arn.split(':')[3], ...given } =
    'config' in settings.client ? {} : settings.client
  const { endpoint, ...client } = pick(given)
  return {
    bucket,
    ...(prefix === undefined || prefix === '' ? {} : { prefix }),
    client: {
      ...{ ...client, followRegionRedirects: true },
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    },
  }
}

function checkedRegion(name: string): string {
  if (!/^[a-z]{2,}(-[a-z0-9]+)+$/.test(name)) throw usage('--trail-region', 'it is no Region name')
  return name
}

type Span = { readonly from: number; readonly to: number }

/** One Region after the other: the quota is of the account. */
async function* lookUpIn(
  regions: Iterable<string>,
  question: { settings: Settings; span: Span; signal: AbortSignal },
): AsyncGenerator<TrailReading, void, undefined> {
  const { settings, span, signal } = question
  const { region: _, ...client } = 'config' in settings.client ? {} : settings.client
  for (const region of regions)
    yield* lookUpSignEvents({ client: { ...pick(client), region }, ...span, signal })
}

/** What clients of all services take. */
const pick = ({ profile, endpoint }: { profile?: unknown; endpoint?: unknown }) => ({
  ...(typeof profile === 'string' ? { profile } : {}),
  ...(typeof endpoint === 'string' ? { endpoint } : {}),
})

function spanOf({ values }: Context): Span {
  const [since, from, to] = ['since', 'from', 'to'].map((name) => values.optional(name))
  if (since !== undefined && from !== undefined) throw usage('--since', 'it goes without --from')
  const end = to === undefined ? Date.now() : timeOf('--to', to)
  if (from !== undefined) return checkedSpan({ from: timeOf('--from', from), to: end })
  const [, digits, unit = 'h'] = /^(\d{1,5})([mhd])$/.exec(since ?? '24h') ?? []
  if (digits === undefined) throw usage('--since', 'it is no time such as 90m, 24h or 7d')
  const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? 0
  return checkedSpan({ from: end - Number(digits) * unitMs, to: end })
}

function checkedSpan(span: Span): Span {
  if (span.from >= span.to) throw usage('--to', 'it is not after the beginning')
  return span
}

function timeOf(option: string, text: string): number {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(at) || at < slackMs)
    throw usage(option, 'it is no time such as 2026-11-28T12:00:00Z')
  return at
}

async function* linesOf(file: string, { stdin }: Context): AsyncGenerator<string> {
  const input = file === '-' ? stdin : createReadStream(file)
  try {
    yield* createInterface({ input: Readable.from(input), crlfDelay: Number.POSITIVE_INFINITY })
  } catch {
    throw usage('--records', 'the file cannot be read')
  }
}

const timeText = (at: number) => new Date(at).toISOString()

/** Of each list; --json has all. */
const SHOWN = 20

function linesOfVerdict(told: Reconciliation): readonly string[] {
  const { foreign, missing, unreadable, unanswered } = told
  const list = <T>(rows: readonly T[], text: (row: T) => string) => [
    ...rows.slice(0, SHOWN).map(text),
    ...(rows.length > SHOWN ? [`  and ${rows.length - SHOWN} more; --json shows all`] : []),
  ]
  return [
    ...facts([
      ['verdict', told.verdict],
      ['time', `${timeText(told.from)} to ${timeText(told.to)}`],
      ['ours, and in CloudTrail', String(told.matched)],
      ['not ours', String(foreign.length)],
      ['of requests without an answer', String(unanswered.length)],
      ['ours, may still come', String(told.late)],
      ['ours, not in CloudTrail', String(missing.length)],
      ['cannot be read', String(unreadable.length)],
      ['signed nothing', String(told.failed)],
    ]),
    ...list(
      foreign,
      ({ at, keyArn, caller, sourceIp, requestId, why }) =>
        `NOT OURS (${why}): ${timeText(at)} ${keyArn} by ${caller} from ${sourceIp ?? 'an unknown address'}, request ${requestId}`,
    ),
    ...list(
      missing,
      ({ at, requestId, place, why }) =>
        `missing (${why}): ${timeText(at)} request ${requestId}, ${place}`,
    ),
    ...list(unreadable, ({ place, reason }) => `cannot be read: ${place}: ${reason}`),
  ]
}
