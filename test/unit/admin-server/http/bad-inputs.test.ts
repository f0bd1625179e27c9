import { badInputs, goodInputs, type HttpInput } from './bad-inputs.ts'
import { exchange, listen, sampleServer, token } from './sample-server.ts'

const log: string[] = []
const patient = sampleServer({}, log)
/** For rows that wait for the server's own timeouts; the others must not run into them. */
const impatient = sampleServer({ timeouts: { headersMs: 300, requestMs: 600, checkMs: 50 } }, log)
const ports = { patient: 0, impatient: 0 }
let refused = 0
beforeAll(async () => {
  ports.patient = await listen(patient)
  ports.impatient = await listen(impatient)
})
afterAll(async () => {
  await Promise.all([patient.close(), impatient.close()])
  process.stdout.write(`Bad HTTP inputs refused as expected: ${refused} of ${badInputs.length}\n`)
})

const DEADLINE_MS = 20_000
const send = ({ bytes, slow }: HttpInput) => {
  const port = slow ? ports.impatient : ports.patient
  return exchange(port, bytes({ host: `127.0.0.1:${port}`, token }), DEADLINE_MS)
}

describe('bad HTTP inputs', () => {
  it('has at least 120 rows, each with a name of its own', () => {
    expect(badInputs.length).toBeGreaterThanOrEqual(120)
    expect(new Set(badInputs.map(({ id }) => id)).size).toBe(badInputs.length)
  })

  it.each(badInputs.map((row) => [row.id, row] as const))('refuses %s', async (_id, row) => {
    const reply = await send(row)
    expect(row.expect).toContain(reply.answer)
    refused += 1
  })

  it.each(goodInputs.map((row) => [row.id, row] as const))('takes %s', async (_id, row) => {
    const reply = await send(row)
    expect(row.expect).toContain(reply.answer)
  })

  it('has failed at none of them, and logged no token', () => {
    expect(log.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
    expect(log.filter((line) => line.includes(token))).toEqual([])
  })
})
