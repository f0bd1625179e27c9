/** A relay whose nodes stand still, and what it tells of them. @module */
import type { NodeRequest } from '../../support/simulated-node.ts'
import { mint, openRelay, startRelayNode } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

const headOf = ({ path }: NodeRequest) => /^blocks\?height=(final|sealed)$/.exec(path)?.[1]

it('leaves a first node that stands still, does every job, and takes it back', async () => {
  await using node = await startRelayNode({ copies: 20 })
  let isFrozen = false
  const heads = new Map<string, object>()
  node.setFault((request) => {
    const name = headOf(request)
    if (!isFrozen || request.client !== 'first' || name === undefined) return undefined
    const { final, sealed } = node.chain.heights()
    const block = node.chain.block(name === 'final' ? final : sealed)
    const { id = '', parentId = '', timestamp = new Date() } = block ?? {}
    const header = { id, parent_id: parentId, height: `${block?.height}`, timestamp }
    if (!heads.has(name)) heads.set(name, [{ header }])
    return { status: 200, body: heads.get(name) ?? [] }
  })
  const [first, second] = [`${node.url}/first`, `${node.url}/second`]
  await using relay = await openRelay(first, { accessNodes: [first, second] })
  await (await relay.submit(mint('before'))).sealed()
  isFrozen = true
  const jobs = await Promise.all(
    Array.from({ length: 10 }, (_, index) => relay.submit(mint(`${index}`))),
  )
  await Promise.all(jobs.map((job) => job.sealed()))
  const news = () =>
    relay.events.flatMap((event) =>
      event.kind === 'node-left' || event.kind === 'node-back' ? [event] : [],
    )
  expect(news()).toEqual([{ kind: 'node-left', accessNode: `${node.url}/…`, reason: 'frozen' }])
  isFrozen = false
  let id = 0
  await until(async () => {
    await (await relay.submit(mint(`after-${id++}`))).sealed()
    return news().length > 1
  })
  expect(news()[1]).toEqual({ kind: 'node-back', accessNode: `${node.url}/…` })
  expect(node.chain.conflicts).toEqual([])
})

it('tells that requests go on failing, where there is no other node', async () => {
  await using node = await startRelayNode({ blockMs: 0 })
  let isDown = false
  node.setFault((request) =>
    isDown && request.method === 'GET' ? { status: 503, body: {} } : undefined,
  )
  await using relay = await openRelay(node.url)
  const job = await relay.submit(mint('job'))
  await until(() => relay.events.some(({ kind }) => kind === 'sent'))
  isDown = true
  await until(() =>
    relay.events.some((event) => event.kind === 'trouble' && event.where === 'follow'),
  )
  isDown = false
  await until(async () => {
    node.chain.mine()
    return (await job.status()).state === 'done'
  })
  expect(relay.events).toContainEqual({
    kind: 'trouble',
    code: 'ACCESS_NODE_UNREACHABLE',
    where: 'follow',
  })
})
