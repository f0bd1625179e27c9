import { contentOf } from '../../../../examples/admin-server/src/requests/content.ts'
import { listRequests } from '../../../../examples/admin-server/src/requests/read.ts'
import {
  type Approvals,
  openApprovals,
  person,
} from '../../../support/admin-server/approval-world.ts'

let world: Approvals
beforeAll(async () => {
  world = await openApprovals()
})
afterAll(() => world?.[Symbol.asyncDispose]())

it.each([
  ['no JSON', ['{']],
  ['no JSON-Cadence', ['7', '[]', 'null']],
  ['other types', Array.from({ length: 9 }, () => '{"type":"Bool","value":true}')],
  ['too few', []],
])('arguments that somebody changed to %s are told as such', async (_, texts) => {
  const { row } = await world.mint('shop')
  await world.database.query('UPDATE items SET arguments = $1 WHERE request_id = $2', [
    texts,
    row.id,
  ])
  const content = contentOf(world.context, row, { after: -1, limit: 50 })
  await expect(content).rejects.toMatchObject({ code: 'CONTENT_ALTERED', status: 409 })
  const { requests } = await listRequests(world.context, person('eve', 'auditor'), { limit: 50 })
  expect(requests.map(({ id }) => id)).toContain(row.id)
})
