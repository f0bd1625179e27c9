import { listRequests } from '../../../../examples/admin-server/src/requests/read.ts'
import {
  type Approvals,
  openApprovals,
  person,
} from '../../../support/admin-server/approval-world.ts'

let world: Approvals
beforeAll(async () => {
  world = await openApprovals({
    keys: [
      {
        ...{ keyIndex: 0, weight: 400, revoked: false, holder: 0, successor: false },
        rule: { approvers: ['alice', 'bob'] },
      },
      {
        ...{ keyIndex: 1, weight: 300, revoked: false, holder: 1, successor: false },
        rule: { approvers: ['carol'] },
      },
      {
        ...{ keyIndex: 2, weight: 300, revoked: false, holder: 2, successor: false },
        rule: { approvers: ['dave'] },
      },
      {
        ...{ keyIndex: 3, weight: 300, revoked: true, holder: 3, successor: false },
        rule: { approvers: ['erin'] },
      },
    ],
  })
})
afterAll(() => world?.[Symbol.asyncDispose]())

const inboxOf = async (name: string) => {
  const query = { waitsForMe: true, limit: 10 }
  return (await listRequests(world.context, person(name, 'approver'), query)).requests.length
}

describe('what waits for an approver', () => {
  it('is what lacks a key of theirs, and not what another has approved for it', async () => {
    const asked = await world.mint('shop')
    const inboxes = async () => Promise.all(['alice', 'bob', 'carol', 'erin', 'frank'].map(inboxOf))
    expect(await inboxes()).toEqual([1, 1, 1, 0, 0])
    await world.approve('alice', asked)
    expect(await inboxes()).toEqual([0, 0, 1, 0, 0])
    await world.withdraw('alice', asked)
    expect(await inboxes()).toEqual([1, 1, 1, 0, 0])
  })
})
