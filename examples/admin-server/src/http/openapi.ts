/** The description of the API, made from the schemas that its calls are checked against. @module */

import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { adminErrors } from '../errors.ts'

/** Tags that routes may carry in their schema, in the order of the document. */
export const apiTags = [
  { name: 'mints', description: 'Ask for NFTs to be minted, and follow what becomes of it.' },
  { name: 'requests', description: 'The same for every function of the server.' },
  { name: 'approvals', description: 'Approve exactly what will be signed, or withdraw that.' },
  { name: 'keys', description: 'Keys of the account and proposal keys.' },
  { name: 'audit', description: 'The hash-chained trail.' },
  { name: 'operation', description: 'Pause, figures, health.' },
  { name: 'session', description: 'Who is calling; signing in to the dashboard.' },
] as const

/** RFC 9457, as `toProblem` makes it. */
const problemSchema = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code', 'detail', 'instance', 'requestId'],
  properties: {
    type: { type: 'string' as const, pattern: '^/problems/[a-z-]+$' },
    title: { type: 'string' as const },
    status: { type: 'integer' as const, minimum: 400, maximum: 599 },
    code: { type: 'string' as const, enum: Object.keys(adminErrors) },
    detail: { type: 'string' as const },
    instance: { type: 'string' as const },
    requestId: { type: 'string' as const, pattern: '^req_[0-9a-f]{24}$' },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        required: ['in', 'pointer', 'detail'],
        properties: {
          in: { type: 'string' as const, enum: ['body', 'query', 'path', 'headers'] },
          pointer: { type: 'string' as const },
          detail: { type: 'string' as const },
        },
      },
    },
    facts: { type: 'object' as const, additionalProperties: true },
  },
}

const problemAnswer = {
  description: 'A problem; its `code` is stable.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/**
 * Serves `/openapi.json`, without credentials. Register it before the routes that it describes.
 *
 * @param options.version - Of the server.
 */
export function serveOpenapi(
  app: FastifyInstance,
  options: { readonly version: string; readonly publicUrl: string },
): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'fcl-kms admin server',
        version: options.version,
        description: 'Flow transactions signed by keys in KMS, behind approvals.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: options.publicUrl }],
      tags: [...apiTags],
      components: {
        schemas: { Problem: problemSchema },
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token, or a JWT of the issuer.',
          },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: sessionCookie(options.publicUrl),
            description: 'Of the dashboard. X-CSRF-Token must come along where something changes.',
          },
        },
      },
    },
    hideUntagged: true,
    transform: ({ schema, url, route }) => ({
      url,
      schema: describe(schema, 'public' in (route.config?.auth ?? {})),
    }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject
      const { openapiObject } = document
      for (const operations of Object.values(openapiObject.paths ?? {}))
        for (const operation of Object.values(operations ?? {})) completeOperation(operation)
      return openapiObject
    },
  })
  app.after(() => {
    const config = { auth: { public: true } } as const
    let text: string | undefined // made once: anybody may ask for it
    app.get('/openapi.json', { config, schema: { hide: true } }, async (_, reply) => {
      text ??= JSON.stringify(app.swagger())
      return reply.type('application/json; charset=utf-8').send(text)
    })
  })
}

/** The name of the cookie; a browser takes a `__Host-` name over https only. */
export const sessionCookie = (publicUrl: string): string =>
  publicUrl.startsWith('https://') ? '__Host-session' : 'session'

function describe(schema: FastifySchema | undefined, isPublic: boolean): FastifySchema {
  const security = isPublic ? [] : [{ bearer: [] }, { session: [] }]
  return { ...schema, security }
}

/**
 * What schemas of routes cannot say: each call may be answered by a problem; the key is required, which
 * has a code of its own, so that its schema takes none; a body that may be null may be left out.
 */
function completeOperation(operation: unknown): void {
  if (typeof operation !== 'object' || operation === null || !('responses' in operation)) return
  // Within the document an operation's responses are an object by status.
  Object.assign(operation.responses as object, { '4XX': problemAnswer, default: problemAnswer })
  // The document is ours, made from our schemas: these are the fields that it can have.
  const { parameters = [], requestBody } = operation as Operation
  for (const parameter of parameters)
    if (parameter.name === 'idempotency-key')
      Object.assign(parameter, { required: true, schema: keySchema })
  const alternatives = Object.values(requestBody?.content ?? {})[0]?.schema.anyOf ?? []
  if (alternatives.some(({ type }) => type === 'null'))
    Object.assign(requestBody ?? {}, { required: false })
}

const keySchema = { type: 'string', pattern: '^[!-~]{1,255}$' } as const

type Operation = {
  readonly parameters?: readonly { readonly name: string }[]
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly schema: { readonly anyOf?: readonly { readonly type?: string }[] } }
      >
    >
  }
}
