/** Checks of where state is kept: the database, the anchor of the audit trail, and the relay. @module */

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { isLoopbackHost } from './forms.ts'
import type { Partly } from './partly.ts'
import { type Mistake, mistake } from './problems.ts'
import type { FileSettings } from './schema.ts'

/** @param databaseUrl - From the environment; it takes the place of the folder. */
export function checkDatabase(
  { database }: Partly<FileSettings>,
  databaseUrl: string | undefined,
): readonly Mistake[] {
  if (databaseUrl !== undefined) return checkDatabaseUrl(databaseUrl)
  // PGlite would keep `memory://` in memory.
  const folder = database?.folder
  return folder !== undefined && /:\/\/|\0/.test(folder)
    ? [mistake('FOLDER_INVALID', ['database', 'folder'])]
    : []
}

/** Stands for a host that is not named; no host is called so. */
const NO_HOST = 'no-host.invalid'

function checkDatabaseUrl(text: string): readonly Mistake[] {
  if (/^socket:\/[^?]+\?(?:[^#]*&)?db=[^&#]/.test(text)) return [] // as the driver writes it
  // Of a socket a user may stand before no host at all, which is no URL by itself.
  const named = URL.canParse(text) ? text : text.replace('@/', `@${NO_HOST}/`)
  const url = URL.canParse(named) ? new URL(named) : undefined
  const given = url?.searchParams ?? new URLSearchParams()
  const hostname = url === undefined || url.hostname === NO_HOST ? '' : url.hostname
  // The driver prefers the host of the query, and of several the last. Without one it would take
  // PGHOST, which is not looked at here.
  const host = given.getAll('host').at(-1) || hostname.replace(/^%2f/i, '/')
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || host === '')
    return [mistake('DATABASE_URL_INVALID', 'DATABASE_URL')]
  if (host.startsWith('/') || isLoopbackHost(host)) return [] // a socket, or this machine
  const mode = given.getAll('sslmode').at(-1) ?? ''
  const verified = ['verify-full', 'verify-ca', 'require'].includes(mode)
  if (!verified || given.has('ssl') || given.has('uselibpqcompat'))
    return [mistake('DATABASE_NOT_VERIFIED', 'DATABASE_URL')]
  return mode === 'verify-full' ? [] : [mistake('SSLMODE_UNCLEAR', 'DATABASE_URL')]
}

/** An anchor is worth something only where those who write to the database cannot write. */
export function checkAudit(
  { audit, database, network }: Partly<FileSettings>,
  databaseUrl: string | undefined,
): readonly Mistake[] {
  const anchor = audit?.anchor
  if (audit !== undefined && !('anchor' in audit))
    return network?.chainId === 'flow-mainnet' ? [mistake('NO_ANCHOR', ['audit'])] : []
  if (anchor === undefined) return []
  if ('bucket' in anchor)
    return anchor.bucket !== undefined && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(anchor.bucket)
      ? [mistake('BUCKET_INVALID', ['audit', 'anchor', 'bucket'])]
      : []
  const { file } = anchor as { readonly file?: string } // the other form of the schema
  if (file === undefined) return []
  const place = ['audit', 'anchor', 'file']
  const unwritable = isWritable(file) ? [] : [mistake('ANCHOR_UNWRITABLE', place)]
  if (database?.folder === undefined || databaseUrl !== undefined) return unwritable
  const way = relative(resolve(database.folder), resolve(file))
  return /^\.\.(\/|$)/.test(way)
    ? unwritable
    : [...unwritable, mistake('ANCHOR_BESIDE_DATABASE', place)]
}

/** Or could be made: folders that are not there are made with it. */
function isWritable(file: string): boolean {
  let found = resolve(file)
  while (!existsSync(found) && dirname(found) !== found) found = dirname(found)
  try {
    accessSync(found, constants.W_OK)
    return statSync(found).isDirectory() !== (found === resolve(file))
  } catch {
    return false
  }
}

/** A lease has to outlive the pauses between looks. */
export function checkRelay({ relay }: Partly<FileSettings>): readonly Mistake[] {
  const { leaseMs, pollMs } = relay ?? {}
  if (leaseMs === undefined || pollMs === undefined || leaseMs >= 4 * pollMs) return []
  return [mistake('RELAY_LEASE_SHORT', ['relay', 'leaseMs'])]
}
