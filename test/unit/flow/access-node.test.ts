import {
  assertChain,
  connectAccessNode,
  readChainId,
  readLatestBlock,
} from '../../../src/flow/access-node.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { startAnswering } from './servers.ts'

const connect = (url: string) => connectAccessNode({ url, timeoutMs: ANSWERS_MS })
const refusal = { code: 'ACCESS_NODE_REPLY_INVALID', disposition: 'refuse' }

describe('connectAccessNode', () => {
  it('drops slashes at the end, waits 10 s by default, and is frozen', () => {
    const node = connectAccessNode({ url: 'https://rest-testnet.onflow.org//' })
    expect(node).toEqual({ url: 'https://rest-testnet.onflow.org', timeoutMs: 10_000 })
    expect(Object.isFrozen(node)).toBe(true)
  })

  it.each([
    ['no URL', ''],
    ['a bare host', 'rest-testnet.onflow.org'],
    ['a host and port', 'localhost:8888'],
    ['a file', 'file:///etc/passwd'],
    ['a WebSocket', 'wss://rest-testnet.onflow.org'],
    ['JavaScript', 'javascript:alert(1)'],
    ['credentials', 'https://user:secret@rest-testnet.onflow.org'],
    ['a user', 'https://user@rest-testnet.onflow.org'],
    ['a space at the end', 'https://rest-testnet.onflow.org '],
    ['a space at the beginning', ' https://rest-testnet.onflow.org'],
    ['a line break', 'https://rest-testnet.onflow.org\n'],
    ['a tab within', 'https://rest-\ttestnet.onflow.org'],
    ['a query', 'https://rest-testnet.onflow.org?key=secret'],
    ['a fragment', 'https://rest-testnet.onflow.org/#secret'],
  ])('refuses %s, and does not show it', (_, url) => {
    expect(() => connectAccessNode({ url })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option: 'accessNode' }),
        message: expect.not.stringContaining('secret'),
      }),
    )
  })

  it.each([
    ['access.devnet.nodes.onflow.org:9000', /no scheme.*gRPC/],
    ['127.0.0.1:3569', /no scheme.*gRPC/],
    ['localhost:8888', /no scheme: write https:\/\/ or http:\/\/ before the host$/],
    ['rest-testnet.onflow.org', /no scheme/],
    ['https://rest-testnet.onflow.org ', /space or a line break/],
    ['https://rest-testnet.onflow.org?key=1', /query/],
    ['wss://rest-testnet.onflow.org', /not an http or https URL/],
  ])('says what is wrong with %j', (url, reason) => {
    expect(() => connectAccessNode(url)).toThrow(
      expect.objectContaining({
        context: { option: 'accessNode', reason: expect.stringMatching(reason) },
      }),
    )
  })

  it.each([null, 7, { url: 7 }, { url: undefined }])('refuses %j', (given) => {
    const wrong: unknown = given
    expect(() => connectAccessNode(wrong as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  it.each([0, -1, 1.5, Number.NaN, 3_600_001])('refuses a timeoutMs of %d', (timeoutMs) => {
    expect(() => connectAccessNode({ url: 'http://127.0.0.1:8888', timeoutMs })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  it('refuses an option that it does not know', () => {
    const options = { url: 'http://127.0.0.1:8888', timeout: 5 }
    expect(() => connectAccessNode(options)).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ option: 'timeout' }) }),
    )
  })
})

describe('readChainId', () => {
  it('reads the id of the chain', async () => {
    await using node = await startAnswering({ chain_id: 'flow-testnet' })
    expect(await readChainId(connect(node.url))).toBe('flow-testnet')
    expect(node.requests).toEqual(['GET /v1/network/parameters'])
  })

  it.each([[null], [[]], [{}], [{ chain_id: 7 }], [{ chain_id: null }]])(
    'refuses %j',
    async (body) => {
      await using node = await startAnswering(body)
      await expect(readChainId(connect(node.url))).rejects.toMatchObject(refusal)
    },
  )
})

describe('assertChain', () => {
  it('accepts the chain that is expected', async () => {
    await using node = await startAnswering({ chain_id: 'flow-mainnet' })
    await expect(assertChain(connect(node.url), 'flow-mainnet')).resolves.toBeUndefined()
  })

  it('refuses another', async () => {
    await using node = await startAnswering({ chain_id: 'flow-testnet' })
    await expect(assertChain(connect(node.url), 'flow-mainnet')).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      context: { expected: 'flow-mainnet', actual: 'flow-testnet' },
    })
  })

  it('shows little of a chain id of 100,000 characters', async () => {
    await using node = await startAnswering({ chain_id: `\u001b${'x'.repeat(100_000)}` })
    const error = await assertChain(connect(node.url), 'flow-mainnet').catch((e: unknown) => e)
    expect(String(error).length).toBeLessThan(1_000)
    expect(String(error)).not.toContain('\u001b')
  })
})

describe('readLatestBlock', () => {
  const header = { id: 'ab'.repeat(32), height: '42', timestamp: '2026-07-01T00:00:00.5Z' }

  it('reads the latest finalized block', async () => {
    await using node = await startAnswering([{ header }])
    expect(await readLatestBlock(connect(node.url))).toEqual({
      id: new Uint8Array(32).fill(0xab),
      height: 42,
      timestamp: new Date('2026-07-01T00:00:00.500Z'),
    })
    expect(node.requests).toEqual(['GET /v1/blocks?height=final'])
  })

  const wrong: readonly (readonly [string, unknown])[] = [
    ['no block', []],
    ['an object', { header }],
    ['a block without a header', [{}]],
    ['a header that is a list', [{ header: [] }]],
    ['an id of 31 bytes', [{ header: { ...header, id: 'ab'.repeat(31) } }]],
    ['an id with 0x', [{ header: { ...header, id: `0x${'ab'.repeat(31)}` } }]],
    ['an id that is not hexadecimal', [{ header: { ...header, id: 'zz'.repeat(32) } }]],
    ['an id with a line feed', [{ header: { ...header, id: `${'ab'.repeat(32)}\n` } }]],
    ['a height that is a number', [{ header: { ...header, height: 42 } }]],
    ['a height of 2⁵³', [{ header: { ...header, height: '9007199254740992' } }]],
    ['a timestamp that is a number', [{ header: { ...header, timestamp: 0 } }]],
    ['a timestamp that is no time', [{ header: { ...header, timestamp: 'yesterday' } }]],
  ]
  it.each(wrong)('refuses %s', async (_, body) => {
    await using node = await startAnswering(body)
    await expect(readLatestBlock(connect(node.url))).rejects.toMatchObject(refusal)
  })
})
