import { isBuilt, type ServerProcess } from '../../support/admin-server/process.ts'
import {
  auditServers,
  checkRelayOf,
  soundServer,
} from '../../support/admin-server/process-audit.ts'
import {
  createFolderDatabase,
  hasPostgres,
  startPostgresHost,
} from '../../support/admin-server/process-database.ts'
import { approve, ask, startLoad, untilAllOver } from '../../support/admin-server/process-load.ts'
import { type ServerWorld, startServerWorld } from '../../support/admin-server/process-world.ts'
import { type AdminChain, startAdminChain } from '../../support/admin-server/world.ts'
import { createRandom } from '../../support/random.ts'
import { until } from '../../support/until.ts'

if (!isBuilt()) process.stderr.write('SKIPPED admin-server/stop: no build (npm run build)\n')
const describeBuilt = isBuilt() ? describe : describe.skip
if (!hasPostgres())
  process.stderr.write(
    'SKIPPED admin-server/stop with PostgreSQL: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )
const itWithPostgres = hasPostgres() ? it : it.skip

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describeBuilt('a process of the admin server that ends', () => {
  let chain: AdminChain

  beforeAll(async () => {
    chain = await startAdminChain()
  })
  afterAll(async () => {
    await chain?.[Symbol.asyncDispose]()
  })

  /** Starts another process and compares everything with the chain when all is over. */
  async function expectAllDone(world: ServerWorld, accepted: ReadonlyMap<string, number>) {
    await world.startReady()
    await untilAllOver(world)
    const count = [...accepted.values()].reduce((sum, size) => sum + size, 0)
    expect(await auditServers(world, accepted)).toMatchObject({ ...soundServer, items: count })
    await Promise.all(world.alive().map((one) => one.signal('SIGTERM')))
    const jobIds = [...accepted].flatMap(([id, size]) => range(size).map((item) => `${id}-${item}`))
    await checkRelayOf(world, chain.chain, world.database.place, jobIds)
  }

  it('turns red first, then stops within 10 s with 100 in flight, and the next one goes on', async () => {
    await using world = await startServerWorld(chain, await createFolderDatabase())
    const first = await world.startReady()
    const asked = await Promise.all(range(100).map((index) => ask(world, `stop-${index}`, 1)))
    await Promise.all(asked.map(({ id, digest }) => approve(world, id, digest)))
    const watch = watchReadiness(first)
    await watch.sawGreen
    const before = performance.now()
    const { at, code } = await first.signal('SIGTERM')
    expect({ code, inTime: at - before < 10_000 }).toEqual({ code: 0, inTime: true })
    expect(await watch.seen).toEqual(['200', '503', 'closed'])
    await expectAllDone(world, new Map(asked.map(({ id }) => [id, 1])))
  }, 180_000)

  it('answers nothing that is not durable, and another goes on after kill -9', async () => {
    await using world = await startServerWorld(chain, await createFolderDatabase())
    const random = createRandom(9)
    const load = startLoad(world, { mints: 200, mostItems: 10, random, name: 'killed' })
    for (const share of [10, 20]) {
      const one = await world.startReady()
      await until(() => load.accepted.size >= share)
      expect(await one.signal('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
    }
    await world.startReady()
    await load.over
    await world.alive()[0]?.signal('SIGKILL')
    await expectAllDone(world, load.accepted)
  }, 180_000)

  itWithPostgres(
    'warns of a token for a name that looks like another',
    async () => {
      await using postgres = await startPostgresHost()
      await using world = await startServerWorld(chain, await postgres.createDatabase())
      const make = (name: string) =>
        world.complaints('tokens', 'create', '--principal', name, '--role', 'approver')
      expect(await make('A1ice')).toContain('Warning: A1ice looks like alice,')
      expect(await make('B0b')).toContain('Warning: B0b looks like bob,') // a rule names bob
      expect(await make('carol')).not.toContain('Warning')
      expect(await make('Carol')).toContain('Warning: Carol looks like carol,')
    },
    120_000,
  )

  itWithPostgres(
    'refuses a token on every process once it is revoked on one',
    async () => {
      await using postgres = await startPostgresHost()
      await using world = await startServerWorld(chain, await postgres.createDatabase())
      const processes = await Promise.all(range(2).map(() => world.startReady()))
      const role = ['--principal', 'bot', '--role', 'requester']
      const token = await world.command('tokens', 'create', ...role)
      const statuses = () =>
        Promise.all(
          processes.map(async (one) => {
            const { status, body } = await one.callAs(token)('GET', '/v1/me')
            return `${status} ${body.code ?? body.name}`
          }),
        )
      expect(await statuses()).toEqual(['200 bot', '200 bot'])
      const [id = ''] = /^\S+(?=\tbot\t)/m.exec(await world.command('tokens', 'list')) ?? []
      await world.command('tokens', 'revoke', id)
      expect(await statuses()).toEqual(['401 UNAUTHENTICATED', '401 UNAUTHENTICATED'])
    },
    120_000,
  )
})

/** Asks again and again; `seen` is what came back, without repetitions, until nobody listens. */
function watchReadiness({ url }: ServerProcess) {
  let tellGreen: () => void = () => undefined
  const sawGreen = new Promise<void>((resolve) => {
    tellGreen = resolve
  })
  async function watch(): Promise<readonly string[]> {
    const seen: string[] = []
    while (seen.at(-1) !== 'closed') {
      const reply = await fetch(`${url}/readyz`).catch(() => undefined)
      await reply?.text()
      const state = reply === undefined ? 'closed' : String(reply.status)
      if (state === '200') tellGreen()
      if (state !== seen.at(-1)) seen.push(state)
    }
    return seen
  }
  return { sawGreen, seen: watch() }
}
