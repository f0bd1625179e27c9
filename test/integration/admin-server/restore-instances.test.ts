import { isBuilt } from '../../support/admin-server/process.ts'
import { auditServers } from '../../support/admin-server/process-audit.ts'
import {
  createFolderDatabase,
  hasPostgres,
  type PostgresHost,
  startPostgresHost,
} from '../../support/admin-server/process-database.ts'
import { approve, ask, untilAllOver } from '../../support/admin-server/process-load.ts'
import { type ServerWorld, startServerWorld } from '../../support/admin-server/process-world.ts'
import { type AdminChain, startAdminChain } from '../../support/admin-server/world.ts'

if (!isBuilt())
  process.stderr.write('SKIPPED admin-server/restore-instances: no build (npm run build)\n')
const describeBuilt = isBuilt() ? describe : describe.skip

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index)
const ITEMS = 4

describeBuilt('a database restored from a backup that lacks the last mints', () => {
  let chain: AdminChain
  let postgres: PostgresHost | undefined

  beforeAll(async () => {
    chain = await startAdminChain()
    postgres = hasPostgres() ? await startPostgresHost() : undefined
  })
  afterAll(async () => {
    await postgres?.[Symbol.asyncDispose]()
    await chain?.[Symbol.asyncDispose]()
  })

  /** As the clients do who do not know whether they were heard. */
  async function mint(world: ServerWorld, orders: readonly number[]) {
    const asked = await Promise.all(orders.map((order) => ask(world, `order-${order}`, ITEMS)))
    for (const { id, digest } of asked) await approve(world, id, digest)
    await untilAllOver(world)
    return asked
  }
  const stop = (world: ServerWorld) =>
    Promise.all(world.alive().map((one) => one.signal('SIGTERM')))

  it('mints nothing twice when all clients send their Idempotency-Keys again', async () => {
    const database = (await postgres?.createDatabase()) ?? (await createFolderDatabase())
    await using world = await startServerWorld(chain, database)
    await world.startReady()
    const before = await mint(world, range(0, 5))
    await stop(world)
    const backup = await database.copy()
    await world.startReady()
    const after = await mint(world, range(5, 15))
    await stop(world)

    world.moveTo(backup)
    await world.startReady()
    const again = await mint(world, range(0, 15))
    expect(again.map(({ id }) => id)).toEqual([...before, ...after].map(({ id }) => id))
    const replayed = again.map((one) => one.replayed)
    expect(replayed).toEqual([...before.map(() => true), ...after.map(() => false)])
    const audit = await auditServers(world, new Map(again.map(({ id }) => [id, ITEMS])))
    const sound = { lost: [], doubled: [], strangers: [], wrong: [], broken: [] }
    expect(audit).toMatchObject({ ...sound, items: 15 * ITEMS })
  }, 180_000)
})
