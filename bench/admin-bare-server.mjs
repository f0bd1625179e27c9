/**
 * The least that could take in a request durably: Fastify as it comes, and one row in PostgreSQL for
 * each call, without authentication, schema, audit trail or idempotency. Tells its port by IPC. @module
 */
import { importFromRoot } from './own-package.mjs'

const { url } = JSON.parse(process.argv[2])
const { default: fastify } = await importFromRoot('fastify')
const { default: pg } = await importFromRoot('pg')

/** As many as the admin server has. */
const pool = new pg.Pool({ connectionString: url, max: 12 })
pool.on('error', () => undefined)
await pool.query('CREATE TABLE bare (id text PRIMARY KEY, body jsonb NOT NULL)')
const app = fastify()
app.post('/', async (request, reply) => {
  const id = request.headers['idempotency-key']
  await pool.query('INSERT INTO bare (id, body) VALUES ($1, $2)', [id, request.body])
  return reply.code(202).send({ id })
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.send({ port: app.server.address().port })
