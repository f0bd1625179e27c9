/** A server that looks on while somebody rotates a key of its account. */
import { createRotationWatch } from '../../../../examples/admin-server/src/rotation/watch.ts'
import { createMemoryRotations, type RotationRecord } from '../../../../src/provisioning/index.ts'
import {
  type Approvals,
  openApprovals,
  treasury,
} from '../../../support/admin-server/approval-world.ts'
import { rotationOf } from '../../../support/admin-server/rotation-record.ts'

let world: Approvals

beforeEach(async () => {
  world = await openApprovals()
})

afterEach(() => world?.[Symbol.asyncDispose]())

/** A process of the server: what it was told, and how old the keys may be that it decides on. */
function watched(rotations = createMemoryRotations()) {
  const { database, audit } = world
  const told = { changes: 0, expected: [] as boolean[], reason: null as string | null }
  const watch = createRotationWatch({
    ...{ address: treasury, database, audit, rotations },
    store: {
      listKeys: async () => [
        {
          ...{ keyIndex: 2, sequenceNumber: 1n, fence: 1, holder: null, transactionId: null },
          ...{ leasedUntil: null, referenceBlockId: null, reason: told.reason },
          state: told.reason === null ? 'free' : 'quarantined',
        } as never, // no more of a row is read
      ],
    },
    accountKeys: { expectChange: (expected) => void told.expected.push(expected) },
    onChange() {
      told.changes += 1
    },
  })
  return { rotations, watch, told }
}

const trail = async () =>
  (await world.audit.list({ kind: 'rotation', limit: 100 })).map(({ facts }) => facts)

/** As the workflow changes it. */
const next = ({ revision, ...record }: RotationRecord, change: Partial<RotationRecord>) => ({
  ...record,
  ...change,
  revision: revision + 1,
})

it('tells nothing while nobody rotates', async () => {
  const { watch, told } = watched()
  await watch.look()
  await watch.look()
  expect(watch.current()).toEqual({ open: undefined, held: false })
  expect(told).toMatchObject({ changes: 0, expected: [false, false] })
  expect(await trail()).toEqual([])
})

it('says of each rotation once that it was seen and that it ended, whatever process looks', async () => {
  const { rotations, watch } = watched()
  const other = watched(rotations)
  const begun = rotationOf(treasury)
  await rotations.begin(begun)
  for (const process of [watch, other.watch, watch]) await process.look()
  expect(await trail()).toMatchObject([
    { what: 'seen', rotation: begun.id, state: 'open', keyIndex: 1, mode: 'swap' },
  ])
  const done = next(begun, { state: 'done', step: 'done' })
  await rotations.replace(done, begun.revision)
  for (const process of [other.watch, watch, watched(rotations).watch]) await process.look()
  expect(await trail()).toMatchObject([
    { what: 'seen' },
    { what: 'ended', rotation: begun.id, state: 'done', transactionIds: ['ad'.repeat(32)] },
  ])
  expect(await world.audit.verify()).toMatchObject({ intact: true })
})

it('says that one has ended of which it sees only that another has begun', async () => {
  const { rotations, watch } = watched()
  const first = rotationOf(treasury)
  await rotations.begin(first)
  await watch.look()
  await rotations.replace(next(first, { state: 'aborted' }), first.revision)
  await rotations.begin(rotationOf(treasury, { id: 'fedcba9876543210' }))
  await watch.look()
  expect(await trail()).toMatchObject([
    { what: 'seen', rotation: first.id },
    { what: 'ended', rotation: first.id, state: null },
    { what: 'seen', rotation: 'fedcba9876543210' },
  ])
})

it('lets nothing be decided on old keys from the first look to the last', async () => {
  const { rotations, watch, told } = watched()
  await watch.look()
  const begun = rotationOf(treasury)
  await rotations.begin(begun)
  await watch.look()
  await rotations.replace(next(begun, { state: 'done', step: 'done' }), begun.revision)
  await watch.look()
  expect(told.expected).toEqual([false, true, false])
})

it('is held while rows are held by a rotation, and tells of each change', async () => {
  const { rotations, watch, told } = watched()
  await watch.look()
  await rotations.begin(rotationOf(treasury))
  await watch.look()
  expect(watch.current()).toMatchObject({ open: { step: 'sign' }, held: false })
  told.reason = 'rotation:0123456789abcdef holds the key, which may be revoked by now'
  await watch.look()
  await watch.look()
  expect(watch.current().held).toBe(true)
  told.reason = 'the key is revoked'
  await watch.look()
  expect(watch.current().held).toBe(false)
  expect(told.changes).toBe(3)
})

it('minds no rotation of another account', async () => {
  const { rotations, watch, told } = watched()
  await rotations.begin(rotationOf('0x179b6b1cb6755e31'))
  await watch.look()
  expect(watch.current().open).toBeUndefined()
  expect(told.expected).toEqual([false])
  expect(await trail()).toEqual([])
})
