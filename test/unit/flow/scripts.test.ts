/** Running a script: on the latest sealed block, or on the same one at each node. @module */
import { runScript } from '../../../src/flow/scripts.ts'
import { startAnswering } from './servers.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const cadence = 'access(all) fun main(): Int { return 7 }'
const answer = base64('{"type":"Int","value":"7"}')

describe('runScript', () => {
  it.each([
    ['the latest sealed block', {}, 'sealed'],
    ['the block of the height that is given', { height: 41 }, '41'],
    ['the first block', { height: 0 }, '0'],
  ])('runs it on %s', async (_, options, asked) => {
    await using node = await startAnswering(JSON.stringify(answer))
    const result = await runScript({ url: node.url, timeoutMs: 20_000 }, cadence, [], options)
    expect(result).toEqual({ type: 'Int', value: '7' })
    expect(node.requests).toEqual([`POST /v1/scripts?block_height=${asked}`])
  })
})
