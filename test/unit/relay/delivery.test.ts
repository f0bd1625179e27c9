/** What the reply to a POST makes of the jobs: on a simulated node, behind a gateway that lies. @module */

import { createNodeBudget } from '../../../src/flow/node-budget.ts'
import { prepareTransaction } from '../../../src/flow/post-transaction.ts'
import { createDelivery } from '../../../src/relay/delivery.ts'
import { createHold } from '../../../src/relay/hold.ts'
import type { RelayEvent } from '../../../src/relay/index.ts'
import { createMemoryStore } from '../../../src/stores/index.ts'
import type { NodeFault, NodeRequest } from '../../support/simulated-node.ts'
import { address, mint, openRelay, startRelayNode } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'
import { sampleTransaction } from '../crypto/transactions.ts'
import { startServer } from '../flow/servers.ts'

const isSend = ({ method, path }: NodeRequest) => method === 'POST' && path === 'transactions'
const eventsOf = <K extends RelayEvent['kind']>(
  { events }: { readonly events: readonly RelayEvent[] },
  kind: K,
) =>
  events.filter((event): event is Extract<RelayEvent, { readonly kind: K }> => event.kind === kind)
const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `job-${index}`)
const said = (status: number, message: string) => ({ status, body: { code: status, message } })

const invalid = 'Invalid Flow argument: invalid transaction: '
const parse = `${invalid}failed to parse transaction Cadence script: Parsing failed:\nerror: `

describe('a reply that proves nothing', () => {
  it.each([
    said(500, 'Invalid Flow request: failed to store transaction: no space left on device'),
    said(
      500,
      'Invalid Flow request: failed to send transaction to a collection node: 3 errors occurred:\n\t* context deadline exceeded',
    ),
    said(
      400,
      'Invalid Flow argument: failed to send transaction to a collection node: 2 errors occurred:\n\t* context deadline exceeded\n\t* transaction references unknown reference block',
    ),
    said(400, 'transaction is expired: ref_height=1 final_height=900'),
    said(401, `${invalid}unknown reference block`),
    said(403, 'forbidden'),
    said(404, 'page not found'),
    said(413, 'request size exceeds maximum allowed'),
    said(429, 'slow down'),
    said(503, 'Failed to process request: no collection node'),
  ])('executes each job once when the node had taken it: $status $body.message', async (reply) => {
    await using node = await startRelayNode()
    let lies = 3
    node.setFault((request) =>
      isSend(request) && lies-- > 0 ? { ...reply, isDone: true } : undefined,
    )
    await using relay = await openRelay(node.url)
    const ids = idsOf(3)
    await Promise.all(ids.map((id) => relay.submit(mint(id))))
    await until(async () => (await relay.stats()).jobs.done === 3)
    expect(node.executed.toSorted()).toEqual(ids)
    expect(node.chain.conflicts).toEqual([])
    expect(eventsOf(relay, 'signed')).toHaveLength(3)
  })

  it.each([
    [said(502, 'Bad Gateway'), 'unknown'],
    [said(403, 'forbidden'), 'denied'],
    [said(429, 'slow down'), 'limited'],
  ])('is followed by no refusal that counts, the chain tells: $status', async (reply, verdict) => {
    await using node = await startRelayNode({ blockMs: 0 })
    const stale = said(400, `${invalid}unknown reference block`)
    const replies: NodeFault[] = [{ ...reply, isDone: true }, stale]
    node.setFault((request) => (isSend(request) ? replies.shift() : undefined))
    await using relay = await openRelay(node.url)
    await relay.submit(mint('job'))
    await until(() => eventsOf(relay, 'sent').length === 2)
    await until(async () => {
      node.chain.mine()
      return (await relay.stats()).jobs.done === 1
    })
    expect(eventsOf(relay, 'sent').map((sent) => sent.verdict)).toEqual([verdict, 'refused'])
    expect(node.executed).toEqual(['job'])
    expect(eventsOf(relay, 'signed')).toHaveLength(1)
  })
})

describe('a gateway that turns sends away', () => {
  it.each([401, 403, 404, 405, 413])(
    'fails nothing, holds the relay, and all is done when it is mended: %d',
    async (status) => {
      await using node = await startRelayNode({ copies: 10 })
      let closed = true
      node.setFault((request) =>
        isSend(request) && closed ? said(status, 'turned away') : undefined,
      )
      await using relay = await openRelay(node.url)
      const ids = idsOf(40)
      await Promise.all(ids.map((id) => relay.submit(mint(id))))
      await until(async () => (await relay.stats()).held?.code === 'ACCESS_NODE_DENIES')
      await until(() => eventsOf(relay, 'sent').length > 20)
      expect((await relay.stats()).jobs).toMatchObject({ done: 0, failed: 0 })
      closed = false
      await until(async () => (await relay.stats()).jobs.done === 40)
      await until(async () => (await relay.stats()).held === undefined)
      expect(node.executed.toSorted()).toEqual(ids.toSorted())
      expect(eventsOf(relay, 'held').map(({ code }) => code)).toEqual(['ACCESS_NODE_DENIES'])
      expect(node.chain.conflicts).toEqual([])
    },
  )

  it('goes on holding though another transaction could be signed', async () => {
    await using node = await startRelayNode()
    node.setFault((request) => (isSend(request) ? said(403, 'forbidden') : undefined))
    await using relay = await openRelay(node.url)
    await relay.submit(mint('first'))
    await until(async () => (await relay.stats()).held?.code === 'ACCESS_NODE_DENIES')
    await relay.submit(mint('second'))
    await until(() => eventsOf(relay, 'signed').length === 2)
    const before = eventsOf(relay, 'sent').length
    await until(() => eventsOf(relay, 'sent').length > before + 2)
    expect(eventsOf(relay, 'held')).toHaveLength(1)
    expect(eventsOf(relay, 'resumed')).toEqual([])
  })

  it('is named without its path, which may hold a token', async () => {
    await using node = await startRelayNode()
    node.setFault((request) => (isSend(request) ? said(403, 'forbidden') : undefined))
    await using relay = await openRelay(`${node.url}/token`)
    await relay.submit(mint('job'))
    await until(async () => (await relay.stats()).held !== undefined)
    const { held } = await relay.stats()
    expect(held?.reason).toBe(`${node.url}/… answers HTTP 403`)
    expect(eventsOf(relay, 'sent')[0]?.accessNode).toBe(`${node.url}/…`)
    expect(JSON.stringify(relay.events)).not.toContain('token')
  })

  it('does not hold while another node takes what it is sent', async () => {
    await using node = await startRelayNode({ copies: 4 })
    node.setFault((request) =>
      isSend(request) && request.client === 'closed' ? said(403, 'forbidden') : undefined,
    )
    await using relay = await openRelay(node.url, {
      accessNodes: [`${node.url}/closed`, `${node.url}/open`],
    })
    const ids = idsOf(12)
    await Promise.all(ids.map((id) => relay.submit(mint(id))))
    await until(async () => (await relay.stats()).jobs.done === 12)
    expect(eventsOf(relay, 'held')).toEqual([])
    expect(eventsOf(relay, 'sent').some(({ verdict }) => verdict === 'denied')).toBe(true)
  })
})

describe('a refusal by the validator', () => {
  it.each(['expired', 'reference block', 'insufficient balance', 'already been submitted'])(
    'of a script beside "%s" fails its job alone, after one signature',
    async (words) => {
      await using node = await startRelayNode()
      let refusals = 1
      node.setFault((request) =>
        isSend(request) && refusals-- > 0 ? said(400, `${parse}1 | panic("${words}")`) : undefined,
      )
      await using relay = await openRelay(node.url)
      await relay.submit(mint('bad'))
      await until(async () => (await relay.stats()).jobs.failed === 1)
      await relay.submit(mint('good'))
      await until(async () => (await relay.stats()).jobs.done === 1)
      expect(await (await relay.job('bad')).status()).toMatchObject({ state: 'failed' })
      expect(eventsOf(relay, 'signed')).toHaveLength(2)
      expect(eventsOf(relay, 'held')).toEqual([])
    },
  )
})

describe('a node that limits', () => {
  it.each([
    ['nothing', undefined, [1_000, 1_000, 1_000]],
    ['no wait', '0', [100, 200, 400]],
    ['a wait that is over', new Date(0).toUTCString(), [100, 200, 400]],
    ['a wait', '7', [7_000, 7_000, 7_000]],
  ])('is given a rest that grows when it asks for %s', async (_, header, expected) => {
    await using server = await startServer((response) => {
      if (header !== undefined) response.setHeader('retry-after', header)
      response.writeHead(429).end('{}')
    })
    const nodes = [{ url: server.url, timeoutMs: 4_000 }] as const
    const { signal } = new AbortController()
    const tell = () => undefined
    const onChange = tell
    const rests: number[] = []
    // It gives the turns, and is told of no rest: the test need not wait for one.
    const budget = {
      ...createNodeBudget({ nodes }),
      penalise: (_: unknown, ms: number) => void rests.push(ms),
    }
    const hold = createHold({ address, store: createMemoryStore(), tell, onChange })
    createDelivery(
      { tell, signal, budget, hold, nodes },
      {
        prepared: prepareTransaction(sampleTransaction),
        mayBeTaken: false,
        isWanted: () => rests.length < 3,
        onRefused: tell,
        needsSecond: () => false,
      },
    ).start()
    await until(() => rests.length === 3)
    expect(rests).toEqual(expected)
    hold.close()
  })
})
