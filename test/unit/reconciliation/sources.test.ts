import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  readOwnSignatures,
  readTrailFolder,
  readTrailLog,
} from '../../../src/reconciliation/index.ts'
import { at, keyArn, signRecord } from '../../support/trail-events.ts'

async function all<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

describe('our own records', () => {
  const signature = (more: object) => ({ kind: 'own', signature: { at, unanswered: 0, ...more } })
  it.each([
    [
      'onSign',
      {
        at,
        kind: 'transaction',
        signerId: 'alias/a',
        requestId: 'r',
        backendKeyId: keyArn,
        attempts: 1,
      },
      signature({ requestId: 'r', keyArn, place: 'line 1' }),
    ],
    [
      'onSign, after requests without an answer',
      {
        ...{ time: '2026-11-20T10:00:00Z', signerId: 'alias/a', errorCode: 'KMS_TIMEOUT' },
        ...{ attempts: 3, unanswered: 2, backendKeyId: keyArn },
      },
      signature({ keyArn, unanswered: 2, place: 'line 1' }),
    ],
    [
      'onRequest of a signing service',
      { at, requestId: 'own', outcome: 'signed', backendRequestId: 'r', backendKeyId: keyArn },
      signature({ requestId: 'r', keyArn, place: 'line 1' }),
    ],
    [
      'the audit trail of the admin server',
      {
        at,
        kind: 'signature',
        sequence: 1,
        facts: { kmsRequestId: 'r', kmsKeyId: keyArn, kmsUnanswered: 1 },
      },
      signature({ requestId: 'r', keyArn, unanswered: 1, place: 'line 1' }),
    ],
    [
      'that trail, of what was never sent, by when it was asked for',
      { at: at + 9_999, kind: 'signature', facts: { kmsUnanswered: 1, askedAt: at } },
      signature({ unanswered: 1, place: 'line 1' }),
    ],
    ['a signer without a backend', { at, signerId: 'a', attempts: 1 }, { kind: 'other' }],
    ['another record of that trail', { at, kind: 'send', facts: {} }, { kind: 'other' }],
    ['the last line of an export', { head: { sequence: 1, hash: '' } }, { kind: 'other' }],
  ])('are read from %s', async (_, record, expected) => {
    expect(await all(readOwnSignatures([`${JSON.stringify(record)}\n`]))).toEqual([expected])
  })

  it.each([
    ['half a line', '{"at":1,"signerId"'],
    ['a list', '[]'],
    ['a signature without a time', '{"signerId":"a","requestId":"r"}'],
    ['a signature with a time in words', '{"signerId":"a","requestId":"r","at":"noon"}'],
    ['a line without end', `{"a":"${'x'.repeat(1_100_000)}"}`],
  ])('are told when they cannot be read: %s', async (_, line) => {
    expect(await all(readOwnSignatures(['', line]))).toMatchObject([
      { kind: 'unreadable', place: 'line 2' },
    ])
  })
})

describe('delivered log files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl-kms-trail-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('are looked for in vain where a folder has none: that is no verdict', async () => {
    const empty = join(folder, 'empty')
    await mkdir(empty)
    await writeFile(join(empty, 'notes.txt'), 'hello')
    await expect(readTrailFolder(empty).next()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { reason: 'there is no log of CloudTrail in it, nor below' },
    })
    await rm(empty, { recursive: true })
  })

  it('are read packed or not, in folders below, without digests and other files', async () => {
    const log = (...records: unknown[]) => JSON.stringify({ Records: records })
    await mkdir(join(folder, 'a/b'), { recursive: true })
    await writeFile(join(folder, 'a/b/1.json.gz'), gzipSync(log(signRecord(), { eventName: 1 })))
    await writeFile(join(folder, 'a/2.json'), log(signRecord()))
    await writeFile(join(folder, 'a/3_CloudTrail-Digest.json'), '{"digestStartTime":"now"}')
    await writeFile(join(folder, 'read me.txt'), 'hello')
    await writeFile(join(folder, 'z.json'), '{"Records":')
    expect(await all(readTrailFolder(folder))).toMatchObject([
      { kind: 'sign' },
      { kind: 'sign' },
      { kind: 'unreadable', place: 'a/b/1.json.gz, record 2' },
      { kind: 'unreadable', place: 'z.json' },
    ])
  })

  it.each([
    ['no file', undefined],
    ['nothing', Buffer.from('')],
    ['a broken archive', gzipSync('{"Records":[]}').subarray(0, 20)],
    ['no Records', Buffer.from('{"records":[]}')],
    ['Records that are no list', Buffer.from('{"Records":{}}')],
  ])('are told when they cannot be read: %s', async (_, bytes) => {
    expect(await all(readTrailLog(bytes, 'f'))).toMatchObject([{ kind: 'unreadable', place: 'f' }])
  })

  it('are refused when there is no such folder', async () => {
    await expect(all(readTrailFolder(join(folder, 'none')))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})
