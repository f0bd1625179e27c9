import {
  type AdminChain,
  mintOf,
  startAdminChain,
  startTestServer,
  threeKeys,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { until } from '../../support/until.ts'

let world: AdminChain

beforeAll(async () => {
  world = await startAdminChain()
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

it('mints after one of two approvers has approved, and joins it all in the audit trail', async () => {
  const treasury = await world.createTreasury(twoKeys)
  await using server = await startTestServer(treasury.config)
  const requester = await server.caller('shop', 'requester')
  const alice = await server.caller('alice', 'approver')
  const auditor = await server.caller('eve', 'auditor')

  const asked = await requester.call('POST', '/v1/mints', { items: [mintOf(treasury.recipient)] })
  expect(asked).toMatchObject({ status: 202, body: { state: 'waiting' } })
  const { id, digest } = asked.body
  const approved = await alice.call('POST', `/v1/mints/${id}/approvals`, { digest })
  expect(approved).toMatchObject({ status: 201, body: { quorum: { weight: 1000, met: true } } })
  await until(async () => (await requester.call('GET', `/v1/mints/${id}`)).body.state === 'done')

  const { body: seen } = await auditor.call('GET', `/v1/mints/${id}`)
  expect(seen.timeline.map(({ kind }: { kind: string }) => kind)).toEqual([
    'request',
    'approval',
    'decision',
    'signature',
    'signature',
    'send',
    'outcome',
  ])
  expect(seen.attempts).toMatchObject([
    { state: 'done', signatures: [{ keyIndex: 0 }, { keyIndex: 1 }] },
  ])
  for (const { kmsRequestId } of seen.attempts[0].signatures)
    expect(kmsRequestId).toMatch(/^[0-9a-f-]{36}$/)
  const { body: verification } = await auditor.call('GET', '/v1/audit/verify')
  expect(verification).toMatchObject({ intact: true })
  const { body: items } = await requester.call('GET', `/v1/mints/${id}/items`)
  expect(items.items).toMatchObject([{ state: 'done', nftId: expect.stringMatching(/^\d+$/) }])
})

it('mints with three keys only when all three approvers have approved', async () => {
  const treasury = await world.createTreasury(threeKeys)
  await using server = await startTestServer(treasury.config)
  const requester = await server.caller('shop', 'requester')
  const items = [mintOf(treasury.recipient, 'A'), mintOf(treasury.recipient, 'B')]
  const { body: asked } = await requester.call('POST', '/v1/mints', { items })
  const weights: number[] = []
  for (const name of ['alice', 'bob', 'carol']) {
    const approver = await server.caller(name, 'approver')
    const path = `/v1/mints/${asked.id}/approvals`
    const { body } = await approver.call('POST', path, { digest: asked.digest })
    weights.push(body.quorum.weight)
  }
  expect(weights).toEqual([400, 700, 1000])
  await until(
    async () => (await requester.call('GET', `/v1/mints/${asked.id}`)).body.state === 'done',
  )
})

it('does not start with keys that the account does not have, or that weigh too little', async () => {
  const treasury = await world.createTreasury(twoKeys)
  const { config } = treasury
  const [first, second] = config.account.keys
  if (first === undefined || second === undefined) throw new Error('there are two keys')
  const other = await world.createTreasury(twoKeys)
  const [stranger = ''] = other.aliases
  const startWith = (keys: typeof config.account.keys) =>
    startTestServer(config, { account: { ...config.account, keys } })
  const mistake = (id: string) => ({
    code: 'CONFIGURATION_INVALID',
    facts: { mistakes: [expect.objectContaining({ id })] },
  })
  await expect(startWith([first, second, { ...second, key: stranger }])).rejects.toMatchObject(
    mistake('KEY_NOT_ON_ACCOUNT'),
  )
  await expect(startWith([first, second, first])).rejects.toMatchObject(mistake('KEY_TWICE'))
  await expect(startWith([first])).rejects.toMatchObject(mistake('WEIGHT_TOO_LOW'))
})
