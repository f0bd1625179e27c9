import { AdminError } from '../../../../examples/admin-server/src/errors.ts'
import { createLog } from '../../../../examples/admin-server/src/observability/log.ts'

/** What a call of the log writes, as it is written. */
function written(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = []
  write(createLog({ level: 'debug' }, { write: (line) => lines.push(line) }))
  expect(lines).toHaveLength(1)
  return lines[0] ?? ''
}

const secret = 'CANARY-7f3a'

describe('what is logged', () => {
  it.each([
    ['a line feed', 'alice\n{"level":"info","msg":"forged"}'],
    ['a carriage return', 'alice\rforged'],
    ['what steers a terminal', 'alice\u001b[2J\u001b]0;title\u0007'],
    ['quotation marks', '","principal":"root'],
  ])('is one line of JSON, whatever a text holds: %s', (_, text) => {
    const line = written((log) => log.warn({ principal: text }, text))
    expect(line).toMatch(/^[\u0020-\u{10ffff}]*\n$/u)
    expect(JSON.parse(line)).toMatchObject({ principal: text, msg: text })
  })

  it.each(['authorization', 'cookie', 'token', 'secret', 'password', 'headers'])(
    'leaves out a field that is named %s',
    (name) => {
      expect(written((log) => log.info({ request: { [name]: secret } }, 'x'))).not.toContain(secret)
    },
  )

  it('has no field of a driver or an SDK, and no message of a cause', () => {
    const cause = Object.assign(new Error(`Key (token)=(${secret}) already exists`), {
      code: '23505',
      detail: secret,
    })
    const sdk = Object.assign(
      new AdminError('DATABASE_UNAVAILABLE', { sqlState: '08006' }, cause),
      {
        $metadata: { requestId: secret },
        $response: { headers: { authorization: secret } },
        parameters: [secret],
      },
    )
    const line = written((log) => log.error({ err: sdk }, 'failed'))
    expect(line).not.toContain(secret)
    expect(JSON.parse(line).err).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      facts: { sqlState: '08006' },
      cause: { type: 'Error', code: '23505' },
    })
  })

  it('is of what was thrown only its type when it is no error', () => {
    expect(JSON.parse(written((log) => log.error({ err: secret }, 'failed'))).err).toEqual({
      type: 'string',
    })
  })
})
