/** What `audit verify` compares with, and says. Prints nothing itself. @module */

import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Config } from '../config/config.ts'
import { AdminError } from '../errors.ts'
import { readAnchors } from './anchor.ts'
import { readAnchorFile } from './anchor-file.ts'
import type { AuditHead, AuditVerification } from './audit.ts'
import { verifyExport } from './export.ts'
import { createS3 } from './s3.ts'

/** Undefined: there is no place for anchors. */
export type Anchors = readonly AuditHead[] | undefined

/** @throws {AdminError} `ANCHOR_FAILED`, `AUDIT_BROKEN` for what is no anchor. */
export async function configuredAnchors({
  aws,
  audit: { anchor },
}: Pick<Config, 'aws' | 'audit'>): Promise<Anchors> {
  if (anchor === undefined) return undefined
  if ('file' in anchor) return readAnchors(anchor, {})
  const s3 = createS3(aws)
  try {
    return await readAnchors(anchor, { s3 })
  } finally {
    s3.destroy()
  }
}

/**
 * @param file - Anchors as lines, such as a copy of the file of `audit.anchor`.
 * @throws {AdminError} As `configuredAnchors`. Who names a file wants to compare with it: one that is not
 *   there, or holds no anchor, is `ANCHOR_FAILED`.
 */
export async function anchorsOfFile(file: string): Promise<Anchors> {
  const refused = (cause: string) => new AdminError('ANCHOR_FAILED', { part: 'anchor', cause })
  if (!existsSync(file)) throw refused('ENOENT')
  const anchors = await readAnchorFile(file)
  if (anchors.length === 0) throw refused('no anchor in it')
  return anchors
}

/** Verifies a file of `audit export`, without a database. */
export const verifyFile = (file: string, anchors: Anchors): Promise<AuditVerification> =>
  verifyExport(
    createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }),
    anchors === undefined ? {} : { anchors },
  )

/** What was compared, for those who read the outcome of a verification. */
export const comparedWith = (
  anchors: Anchors,
): { readonly count: number; readonly newest: number } | null =>
  anchors === undefined
    ? null
    : {
        count: anchors.length,
        newest: anchors.reduce((most, { sequence }) => Math.max(most, sequence), 0),
      }

/** Lines for a terminal: the outcome, then how far it can be believed. */
export function verificationLines(
  { intact, verified, head, broken }: AuditVerification,
  anchors: Anchors,
): readonly string[] {
  const compared = comparedWith(anchors)
  if (!intact)
    return [
      `BROKEN at ${broken?.sequence}: ${broken?.reason}. ${verified} records before it are right.`,
      ...(broken?.reason === 'records end before an anchor'
        ? [
            'They were cut off, or it is an export that is older than the anchor: compare such a one with the anchors of its time, by --anchors FILE.',
          ]
        : []),
    ]
  return [
    `intact: ${verified} records, head ${head.sequence} ${head.hash}`,
    compared === null || compared.count === 0
      ? 'Compared with no anchor: records that were cut off its end, or a chain that was written anew as a whole, are not found so.'
      : `Compared with ${compared.count} anchor${compared.count === 1 ? '' : 's'}, the newest of record ${compared.newest}.`,
  ]
}
