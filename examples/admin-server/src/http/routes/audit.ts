/** Reading, verifying and exporting the audit trail. @module */

import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { AuditKind } from '../../audit/audit.ts'
import { comparedWith } from '../../audit/command.ts'
import { exportAudit } from '../../audit/export.ts'
import { auditList, auditQuery, verificationSchema } from '../schemas/audit.ts'
import { textAnswer } from '../schemas/common.ts'
import type { RouteContext } from './context.ts'

type List = { Querystring: Static<typeof auditQuery> }

const auth = { roles: ['auditor'] } as const

export function auditRoutes(app: FastifyInstance, context: RouteContext): void {
  const { audit, anchor, closing } = context

  app.get<List>(
    '/v1/audit',
    {
      config: { auth },
      schema: {
        tags: ['audit'],
        summary: 'Read records',
        operationId: 'listAudit',
        querystring: auditQuery,
        response: { 200: auditList },
      },
    },
    async (request) => {
      const { limit = 100, order = 'asc', kind, ...query } = request.query
      const records = await audit.list({
        ...query,
        // An unknown kind finds nothing.
        ...(kind === undefined ? {} : { kind: kind as AuditKind }),
        limit,
        newestFirst: order === 'desc',
      })
      return {
        records: records.map((record) => ({ ...record, at: new Date(record.at).toISOString() })),
        next: records.length === limit ? (records.at(-1)?.sequence ?? null) : null,
      }
    },
  )
  app.get(
    '/v1/audit/verify',
    {
      config: { auth },
      schema: {
        tags: ['audit'],
        summary: 'Verify the whole trail, with its anchors',
        operationId: 'verifyAudit',
        response: { 200: verificationSchema },
      },
    },
    async () => {
      const anchors = await anchor?.read()
      const options = { signal: closing, ...(anchors === undefined ? {} : { anchors }) }
      return { ...(await audit.verify(options)), anchors: comparedWith(anchors) }
    },
  )
  app.get(
    '/v1/audit/export',
    {
      config: { auth },
      schema: {
        tags: ['audit'],
        summary: 'All records as JSON Lines',
        operationId: 'exportAudit',
        response: { 200: textAnswer('application/jsonl', 'Record by record.') },
      },
    },
    async (_, reply) =>
      reply
        .header('content-disposition', 'attachment; filename="audit.jsonl"')
        .type('application/jsonl')
        .send(Readable.from(exportAudit(audit, { signal: closing }))),
  )
}
