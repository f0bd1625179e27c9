/** A server of tests that is known from outside only: its lines of log, and callers that are nobody any more. @module */

import type { Role } from '../../../examples/admin-server/src/access/principal.ts'
import { createToken, revokeToken } from '../../../examples/admin-server/src/access/tokens.ts'
import type { Config } from '../../../examples/admin-server/src/config/config.ts'
import { createLog } from '../../../examples/admin-server/src/observability/log.ts'
import { type AdminServer, startServer } from '../../../examples/admin-server/src/server.ts'
import { freePorts } from '../../../src/testing/child-server.ts'

/** What differs from the configuration of a treasury. */
export type ApiConfig = Partial<Omit<Config, 'http'>> & { readonly http?: Partial<Config['http']> }

/** Write `await using server = …`. */
export type ApiServer = AdminServer & {
  readonly port: number
  /** What it logged, line by line. */
  readonly lines: readonly string[]
  readonly tokenOf: (principal: string, ...roles: readonly Role[]) => Promise<ApiToken>
  /** Ends its sessions too. */
  readonly revoke: (token: ApiToken) => Promise<void>
  /** A token that was good for a day, the day before yesterday. */
  readonly expiredToken: (principal: string, ...roles: readonly Role[]) => Promise<ApiToken>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type ApiToken = { readonly id: string; readonly token: string }

/** @param level - Of the lines. Default `debug`: all there are. */
export async function startApiServer(
  config: Config,
  change: ApiConfig = {},
  level: Config['log']['level'] = 'debug',
): Promise<ApiServer> {
  const [port = 0] = await freePorts(1)
  const publicUrl = `http://127.0.0.1:${port}`
  const http = { ...config.http, publicUrl, ...change.http, port }
  const lines: string[] = []
  const server = await startServer({
    config: { ...config, ...change, http },
    log: createLog({ level }, { write: (line) => lines.push(line) }),
    version: '1.2.3',
  })
  const { database } = server.context
  const orderOf = (principal: string, roles: readonly Role[]) => ({
    principal,
    roles,
    description: 'test',
    days: 1,
    createdBy: 'test',
  })
  return {
    ...server,
    port,
    lines,
    tokenOf: (principal, ...roles) => createToken(database, orderOf(principal, roles)),
    revoke: async ({ id }) => void (await revokeToken(database, id)),
    expiredToken: (principal, ...roles) =>
      createToken(database, orderOf(principal, roles), Date.now() - 2 * 86_400_000),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** Lines of a fault: those that somebody has to look into. */
export const faultsIn = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => JSON.parse(line).level === 'error')
