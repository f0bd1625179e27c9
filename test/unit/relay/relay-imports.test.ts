import { createMemoryStore } from '../../../src/stores/index.ts'
import { fclPackages, loadFcl } from '../../support/fcl.ts'
import { openRelay, startRelayNode } from '../../support/simulated-relay.ts'

const source = (name: string) => `import "${name}"\ntransaction(id: String) {}`
const args = [{ type: 'String', value: 'a' }]
const unresolved = (name: string) =>
  expect.objectContaining({
    code: 'CADENCE_IMPORT_UNRESOLVED',
    context: expect.objectContaining({ import: name }),
  })

it('signs what it was given with the addresses, and nothing that has none', async () => {
  const signed: string[] = []
  await using node = await startRelayNode()
  const relay = await openRelay(node.url, {
    imports: { FlowToken: '0x0ae53cb6e3f42a79' },
    policy: ({ cadence }) => void signed.push(cadence),
  })
  const job = await relay.submit({ id: 'a', cadence: source('FlowToken'), args, limit: 9 })
  await job.sealed()
  const again = {
    id: 'a',
    cadence: source('FlowToken').replace('"FlowToken"', 'FlowToken from 0x0ae53cb6e3f42a79'),
    args,
    limit: 9,
  }
  expect((await relay.submit(again)).id).toBe('a')
  for (const cadence of [source('Other'), 'import A from 0xOther\ntransaction(id: String) {}'])
    await expect(relay.submit({ id: 'b', cadence, args, limit: 9 })).rejects.toEqual(
      unresolved(cadence.includes('0x') ? '0xOther' : '"Other"'),
    )
  expect(signed).toEqual([again.cadence])
  expect(await relay.list()).toHaveLength(1)
  await relay.close()
})

it('refuses jobs of a template whose imports have no address, until FCL has them', async () => {
  await using node = await startRelayNode()
  const signed: string[] = []
  const batches = { mints: { cadence: 'import "LaterDrop"\ntransaction(ids: [String]) {}' } }
  const relay = await openRelay(node.url, {
    batches,
    policy: ({ cadence }) => void signed.push(cadence),
  })
  const request = { id: 'a', batch: 'mints', args }
  await expect(relay.submit(request)).rejects.toEqual(unresolved('"LaterDrop"'))
  const fcl = await loadFcl(fclPackages[0])
  fcl.config({ 'system.contracts.LaterDrop': '0x0b' })
  await (await relay.submit(request)).sealed()
  expect(signed).toEqual(['import LaterDrop from 0x0b\ntransaction(ids: [String]) {}'])
  await relay.close()
})

it('signs no job that was stored with an import before imports got addresses', async () => {
  await using node = await startRelayNode()
  const store = createMemoryStore()
  const old = { id: 'old', cadence: source('Nothing'), arguments: [JSON.stringify(args[0])] }
  const facts = { intentHash: '0'.repeat(64), computeLimit: 9, batch: null, batchGroup: null }
  await store.addJobs('0xf8d6e0586b0a20c7', [{ ...old, ...facts }], 10)
  const relay = await openRelay(node.url, { store })
  const job = await relay.job('old')
  await expect(job.sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
  expect(await job.status()).toMatchObject({ errorCode: 'CADENCE_IMPORT_UNRESOLVED' })
  expect(await job.attempts()).toEqual([])
  await relay.close()
})

it('does not start with a request script that imports what has no address', async () => {
  await using node = await startRelayNode()
  const requestScript =
    'import "Nothing"\naccess(all) fun main(ids: [String]): [Bool?] { return [] }'
  await expect(openRelay(node.url, { requestScript })).rejects.toEqual(unresolved('"Nothing"'))
})
