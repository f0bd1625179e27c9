import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AdminChain,
  mintOf,
  startAdminChain,
  startTestServer,
  type TestServer,
  type Treasury,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { readCadence } from '../../support/cadence.ts'
import { until } from '../../support/until.ts'

let world: AdminChain
let place: string

beforeAll(async () => {
  world = await startAdminChain()
  place = await mkdtemp(join(tmpdir(), 'fcl-kms-restore-'))
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await rm(place, { recursive: true, force: true })
})

const headers = { 'idempotency-key': 'order-4711' }

/** NFTs that the account holds, by the word of the chain. */
async function countNfts({ address, config }: Treasury): Promise<unknown> {
  const script = readCadence('scripts/get-collection.cdc', config.network.contracts)
  const values = [
    { type: 'Address', value: address },
    { type: 'Int', value: '0' },
    { type: 'Int', value: '10' },
  ]
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const reply = await fetch(`${world.chain.url}/v1/scripts?block_height=sealed`, {
    method: 'POST',
    body: JSON.stringify({
      script: base64(script),
      arguments: values.map((value) => base64(JSON.stringify(value))),
    }),
  })
  const encoded: string = JSON.parse(await reply.text())
  const page = JSON.parse(Buffer.from(encoded, 'base64').toString())
  const fields: readonly { name: string; value: { value: unknown } }[] = page.value.value.fields
  return Number(fields.find(({ name }) => name === 'length')?.value.value)
}

/** Asks, approves, and waits for the end. @returns The request as it ended, and its NFTs. */
async function mint(server: TestServer, recipient: string) {
  const shop = await server.caller('shop', 'requester')
  const alice = await server.caller('alice', 'approver')
  const items = [mintOf(recipient, 'A'), mintOf(recipient, 'B')]
  const asked = await shop.call('POST', '/v1/mints', { items }, headers)
  expect(asked.status).toBe(202)
  const { id, digest } = asked.body
  expect((await alice.call('POST', `/v1/mints/${id}/approvals`, { digest })).status).toBe(201)
  await until(async () => {
    const { state } = (await shop.call('GET', `/v1/mints/${id}`)).body
    return state === 'done' || state === 'failed' || state === 'partly-failed'
  }, 60_000)
  const { body } = await shop.call('GET', `/v1/mints/${id}`)
  const found = await shop.call('GET', `/v1/mints/${id}/items`)
  const nftIds: readonly string[] = found.body.items.map((item: { nftId: string }) => item.nftId)
  return { id, state: body.state, replayed: asked.headers.get('idempotent-replayed'), nftIds }
}

it('mints nothing twice after an old copy of its database was put back', async () => {
  const treasury = await world.createTreasury(twoKeys)
  const folder = join(place, 'data')
  const copy = join(place, 'copy')
  const audit = { anchor: { file: join(place, 'heads.jsonl'), everyMinutes: 1 } }
  const start = (change: object = {}) =>
    startTestServer(treasury.config, { database: { folder }, audit, ...change })

  await (await start()).close()
  await cp(folder, copy, { recursive: true })
  const before = await start()
  const first = await mint(before, treasury.recipient)
  await before.close()
  expect(first).toMatchObject({ state: 'done', replayed: null })

  await rm(folder, { recursive: true })
  await cp(copy, folder, { recursive: true })
  // As the runbook says, with another place for the anchors.
  const other = { anchor: { file: join(place, 'heads-2.jsonl'), everyMinutes: 1 } }
  await using after = await start({ audit: other })
  const again = await mint(after, treasury.recipient)
  // The copy does not know of it, and yet it is the same request and the same NFTs.
  expect(again).toEqual({ ...first, replayed: null })
  const auditor = await after.caller('eve', 'auditor')
  expect((await auditor.call('GET', '/v1/audit/verify')).body).toMatchObject({ intact: true })
  expect(await countNfts(treasury)).toBe(2)
}, 180_000)
