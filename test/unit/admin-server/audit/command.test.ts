import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAnchor } from '../../../../examples/admin-server/src/audit/anchor.ts'
import type { Audit } from '../../../../examples/admin-server/src/audit/audit.ts'
import {
  anchorsOfFile,
  comparedWith,
  configuredAnchors,
  verificationLines,
  verifyFile,
} from '../../../../examples/admin-server/src/audit/command.ts'
import { exportAudit } from '../../../../examples/admin-server/src/audit/export.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { appendAll, collect, entryOf, openMemory, openTrail } from './trail.ts'

let database: Database
let audit: Audit
let folder: string
let exported: string
let anchorFile: string
beforeAll(async () => {
  ;[database, folder] = await Promise.all([
    openMemory(),
    mkdtemp(join(tmpdir(), 'fcl-kms-audit-command-')),
  ])
  audit = await openTrail(database)
  exported = join(folder, 'audit.jsonl')
  anchorFile = join(folder, 'heads.jsonl')
  const entries = Array.from({ length: 20 }, (_, n) => entryOf(n + 1))
  await appendAll({ database, audit }, entries)
  await createAnchor({ file: anchorFile, everyMinutes: 60 }, { audit, database }).anchorNow()
  await writeFile(exported, (await collect(exportAudit(audit))).join(''))
})
afterAll(async () => {
  await database?.close()
  await rm(folder, { recursive: true, force: true })
})

const aws = { region: 'us-east-1' }
const anchors = () =>
  configuredAnchors({ aws, audit: { anchor: { file: anchorFile, everyMinutes: 60 } } })

/** An export that ends at `last`, with the head that it would have had then. */
async function cutAt(last: number): Promise<string> {
  const file = join(folder, `cut-${last}.jsonl`)
  const lines = (await readFile(exported, 'utf8')).split('\n').slice(0, last)
  const { hash, sequence } = JSON.parse(lines.at(-1) ?? '')
  const head = JSON.stringify({ head: { hash, sequence } })
  await writeFile(file, [...lines, head, ''].join('\n'))
  return file
}

it('a whole export agrees with the anchors, and says with how many', async () => {
  const found = await verifyFile(exported, await anchors())
  expect(found).toMatchObject({ intact: true, verified: 21 })
  expect(verificationLines(found, await anchors())).toEqual([
    expect.stringMatching(/^intact: 21 records, head 21 /),
    'Compared with 1 anchor, the newest of record 20.',
  ])
})

it.each([19, 1])('an export that was cut at %d, its head rewritten, is found', async (last) => {
  const found = await verifyFile(await cutAt(last), await anchors())
  const broken = { sequence: last + 1, reason: 'records end before an anchor' }
  expect(found).toMatchObject({ intact: false, broken })
  expect(verificationLines(found, await anchors()).join(' ')).toMatch('--anchors FILE')
})

it('without an anchor the same is linked, and nothing more is said of it', async () => {
  const found = await verifyFile(await cutAt(19), undefined)
  expect(found.intact).toBe(true)
  for (const none of [undefined, []])
    expect(verificationLines(found, none).join(' ')).toMatch('Compared with no anchor')
})

it('anchors come from a copy of their file, which has to be there', async () => {
  expect(await anchorsOfFile(anchorFile)).toEqual(await anchors())
  const refusal = { code: 'ANCHOR_FAILED', facts: { cause: 'ENOENT' } }
  await expect(anchorsOfFile(join(folder, 'gone'))).rejects.toMatchObject(refusal)
  await expect(anchorsOfFile(exported)).rejects.toMatchObject({ code: 'AUDIT_BROKEN' })
})

it('tells apart that there is no place from a place without anchors', async () => {
  const empty = { file: join(folder, 'none.jsonl'), everyMinutes: 1 }
  expect(comparedWith(await configuredAnchors({ aws, audit: {} }))).toBeNull()
  expect(comparedWith(await configuredAnchors({ aws, audit: { anchor: empty } }))).toEqual({
    ...{ count: 0, newest: 0 },
  })
  expect(comparedWith(await anchors())).toEqual({ count: 1, newest: 20 })
})

describe('a file of anchors that somebody names', () => {
  const named = async (text: string) => {
    const file = join(folder, 'named.jsonl')
    await writeFile(file, text)
    return anchorsOfFile(file)
  }
  const line = async () => (await readFile(anchorFile, 'utf8')).trimEnd()

  it('counts to its last line, which has no line feed', async () => {
    expect(await named(await line())).toEqual(await anchors())
    expect(await named(`${await line()}\n${await line()}`)).toHaveLength(2)
  })

  it('is refused when its last line cannot be read', async () => {
    const refusal = { code: 'AUDIT_BROKEN', facts: { line: 2 } }
    const torn = `${await line()}\n${(await line()).slice(0, 40)}`
    await expect(named(torn)).rejects.toMatchObject(refusal)
  })

  it('is refused when it holds no anchor', async () => {
    const refusal = { code: 'ANCHOR_FAILED', facts: { cause: 'no anchor in it' } }
    await expect(named('')).rejects.toMatchObject(refusal)
  })
})
