/** A key of the account is rotated by the library while the server mints: nothing is lost or doubled. */
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DisableKeyCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms'
import type { Config } from '../../../examples/admin-server/src/config/config.ts'
import {
  kmsVault,
  type RotateKeyOptions,
  type RotationReport,
  rotateKey,
} from '../../../src/provisioning/index.ts'
import { hasPostgres, startPostgresHost } from '../../support/admin-server/process-database.ts'
import {
  type AdminChain,
  type Caller,
  mintOf,
  startAdminChain,
  startTestServer,
  type TestServer,
  type Treasury,
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

type Keys = Config['account']['keys']
type Place = AsyncDisposable & { readonly change: Partial<Config>; readonly processes: number }

/** A folder is for one process; PostgreSQL for two, which are restarted one by one. */
const places: readonly (readonly [string, () => Promise<Place>])[] = [
  [
    'one process on a folder',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-rotation-'))
      return {
        ...{ processes: 1, change: { database: { folder: join(folder, 'data') } } },
        [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
      }
    },
  ],
  ...(hasPostgres()
    ? [
        [
          'two processes on PostgreSQL',
          async () => {
            const host = await startPostgresHost()
            const { url } = await host.createDatabase()
            return {
              ...{ processes: 2, change: { database: { url } } },
              [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
            }
          },
        ] as const,
      ]
    : []),
]

describe.each(places)('%s', (_, open) => {
  let place: Place
  let treasury: Treasury
  const servers: TestServer[] = []
  let reference = ''

  beforeAll(async () => {
    place = await open()
    treasury = await world.createTreasury(twoKeys)
    while (servers.length < place.processes)
      servers.push(await startTestServer(treasury.config, place.change))
  })

  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  /** One after the other, so that one of two always serves. */
  async function restartWith(keys: Keys): Promise<void> {
    const account = { ...treasury.config.account, keys }
    for (const [index, server] of servers.entries()) {
      await server[Symbol.asyncDispose]()
      servers[index] = await startTestServer(treasury.config, { ...place.change, account })
    }
  }

  const first = (): TestServer => {
    const [server] = servers
    if (server === undefined) throw new Error('there is one')
    return server
  }

  /** Of alice and bob. */
  async function rotate(change: Partial<RotateKeyOptions> = {}): Promise<RotationReport> {
    const { signing, rotations } = first().context
    const { keys } = await (await first().caller('eve', 'auditor'))
      .call('GET', '/v1/keys')
      .then(({ body }) => body)
    const old = keys.find(
      (key: { rule: unknown; revoked: boolean }) => key.rule !== 'automatic' && !key.revoked,
    )
    return rotateKey({
      ...{ accessNode: world.chain.url, chainId: 'flow-emulator', address: treasury.address },
      ...{ authorizer: signing.authorizer, publicKey: old.publicKey, rotations },
      ...{ vault: kmsVault({ client: world.kms }), pools: [{ store: signing.store }] },
      ...change,
    })
  }

  const keysWith = (key?: string, successor?: string): Keys => {
    const [automatic = '', second = ''] = treasury.aliases
    return [
      { key: automatic, signs: 'automatic' },
      {
        key: key ?? second,
        ...(successor === undefined ? {} : { successor }),
        signs: { approvers: ['alice', 'bob'] },
      },
    ]
  }

  async function ask(shop: Caller, name: string) {
    const items = [mintOf(treasury.recipient, name)]
    const { body, status } = await shop.call('POST', '/v1/mints', { items })
    expect(status).toBe(202)
    return { id: String(body.id), digest: String(body.digest), name }
  }
  type Asked = Awaited<ReturnType<typeof ask>>

  async function approve(alice: Caller, { id, digest }: Asked) {
    const { status } = await alice.call('POST', `/v1/mints/${id}/approvals`, { digest })
    expect(status).toBe(201)
  }

  async function audited(kind: string) {
    const eve = await first().caller('eve', 'auditor')
    const { body } = await eve.call('GET', `/v1/audit?kind=${kind}&limit=1000`)
    return body.records
  }

  it('shows a rotation that stops once the new key is made, and takes its name in advance', async () => {
    const report = await rotate({ stopBefore: 'add' })
    expect(report).toMatchObject({ state: 'stopped', step: 'add' })
    reference = report.newKey?.reference ?? ''
    const bob = await first().caller('bob', 'approver')
    const path = `/v1/rotations/${treasury.address}`
    const named = () => bob.call('GET', path).then(({ body }) => body)
    expect(await named()).toMatchObject({
      ...{ state: 'open', step: 'add', mode: 'swap', held: false, pending: null },
      old: { index: 1, holder: { rule: { approvers: ['alice', 'bob'] }, successor: false } },
      new: { reference, holder: null },
    })
    await restartWith(keysWith(undefined, reference))
    const again = await first().caller('bob', 'approver')
    const { body } = await again.call('GET', path)
    expect(body.new).toMatchObject({ holder: { key: reference, successor: true } })
  })

  it('mints through the swap: none is lost, doubled, failed on chain or held for longer', async () => {
    const [shop, alice, ops] = await Promise.all([
      first().caller('shop', 'requester'),
      first().caller('alice', 'approver'),
      first().caller('ops', 'operator'),
    ])
    const asked: Asked[] = []
    const seen = new Set<string>()
    let isOver = false
    const load = (async () => {
      for (let index = 0; !isOver; index += 1) {
        const one = await ask(shop, `Load ${index}`)
        await approve(alice, one)
        asked.push(one)
      }
    })()
    const looking = (async () => {
      while (!isOver) {
        const [stats, ready] = await Promise.all([
          ops.call('GET', '/v1/stats'),
          fetch(`${first().url}/readyz`),
        ])
        const { checks }: { checks: Record<string, string> } = JSON.parse(await ready.text())
        seen.add(`${ready.status} ${checks['relay']} ${stats.body.held?.code ?? 'none'}`)
        seen.add(`rotating ${stats.body.rotating} ${stats.body.rotation !== null}`)
        await sleep(100)
      }
    })()
    await until(() => asked.length >= 10)
    const report = await rotate()
    const more = asked.length + 10
    await until(() => asked.length >= more)
    isOver = true
    await Promise.all([load, looking])
    expect(report).toMatchObject({ state: 'done' })
    // What happens while the keys are held is no fault.
    expect([...seen].filter((one) => /^\d/.test(one)).sort()).toEqual([
      ...['200 ok none', '200 rotating none'],
    ])
    expect(seen).toContain('rotating true true')

    const statesOf = () =>
      first().context.database.query<{ id: string; state: string; seconds: number }>(
        `SELECT id, state, extract(epoch FROM finished_at - ready_at)::float8 AS seconds
        FROM requests`,
      )
    await until(async () => (await statesOf()).every(({ state }) => state === 'done'))
    expect((await statesOf()).map(({ id }) => id).sort()).toEqual(asked.map(({ id }) => id).sort())

    const outcomes = await audited('outcome')
    expect(new Set(outcomes.map(({ facts }: Fact) => facts['state']))).toEqual(new Set(['done']))
    const minted = await first().context.database.query<{ nft: string }>(
      'SELECT nft_id AS nft FROM items',
    )
    expect(new Set(minted.map(({ nft }) => nft)).size).toBe(asked.length)
    // Each transaction that was signed is one of the outcomes: none was sent twice or in vain.
    const sent = (await audited('send')).map(({ facts }: Fact) => facts['transactionId'])
    const settled = outcomes.map(({ facts }: Fact) => facts['transactionId'])
    expect(new Set(sent)).toEqual(new Set(settled))

    const { weightedIndex } = report.newKey ?? {}
    const signing = (await audited('decision')).map(({ facts }: Fact) => facts['keyIndexes'])
    const turn = signing.findIndex((keys: number[]) => keys.includes(weightedIndex ?? -1))
    expect(turn).toBeGreaterThan(0)
    expect(new Set(signing.slice(0, turn).map(String))).toEqual(new Set(['0,1']))
    expect(new Set(signing.slice(turn).map(String))).toEqual(new Set([`0,${weightedIndex}`]))
    expect(
      (await audited('rotation')).map(({ facts }: Fact) => [facts['what'], facts['state']]),
    ).toEqual([
      ['seen', 'open'],
      ['ended', 'done'],
    ])

    const at = (step: string) => report.history.findLast((one) => one.step === step)?.at ?? 0
    const decidedAt = (await audited('decision')).map((record: { at: string }) =>
      Date.parse(record.at),
    )
    const took = (await statesOf()).map(({ seconds }) => seconds * 1_000).sort((a, b) => a - b)
    const whole = (ms: number | undefined) => Math.round(ms ?? 0)
    process.stderr.write(
      `rotation under load: ${asked.length} mints; from the last decision with the old key to the ` +
        `first with the new one ${decidedAt[turn] - decidedAt[turn - 1]} ms, of which the swap took ` +
        `${at('swap') - at('drain')} ms and ${decidedAt[turn] - at('resume')} ms came after it; ready to ` +
        `sealed: half of the mints in ${whole(took[took.length >> 1])} ms, all in ${whole(took.at(-1))} ms\n`,
    )
  }, 120_000)

  it('signs with the new key what was approved for the old one', async () => {
    await restartWith(keysWith(reference))
    const begun = await rotate({ stopBefore: 'add' })
    const next = begun.newKey?.reference ?? ''
    await restartWith(keysWith(reference, next))
    const [shop, alice, ops] = await Promise.all([
      first().caller('shop', 'requester'),
      first().caller('alice', 'approver'),
      first().caller('ops', 'operator'),
    ])
    await ops.call('POST', '/v1/pause', { reason: 'a rehearsal' })
    const early = await ask(shop, 'Approved before')
    await approve(alice, early)
    const report = await rotate()
    const waiting = (await alice.call('GET', `/v1/mints/${early.id}`)).body
    expect(waiting).toMatchObject({
      quorum: { weight: 1_000, met: true, keys: [{ index: 0 }, { met: true }] },
      mine: { hasApproved: true, canApprove: false },
    })
    await ops.call('POST', '/v1/resume', { reason: 'it is over' })
    const read = async () => (await alice.call('GET', `/v1/mints/${early.id}`)).body
    await until(async () => (await read()).state === 'done')
    const { attempts } = await read()
    expect(attempts[0].signatures.map(({ keyIndex }: { keyIndex: number }) => keyIndex)).toEqual([
      ...[0, report.newKey?.weightedIndex],
    ])

    // The alias is moved, so that both names are one key.
    const [, alias = ''] = treasury.aliases
    await world.kms.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: next }))
    await restartWith(keysWith(undefined, next))
    // The old key ends in KMS, and the configuration still names it.
    await world.kms.send(new DisableKeyCommand({ KeyId: reference }))
    await world.kms.send(
      new ScheduleKeyDeletionCommand({ KeyId: reference, PendingWindowInDays: 7 }),
    )
    await restartWith(keysWith(reference, next))
    const { body: keys } = await (await first().caller('eve', 'auditor')).call('GET', '/v1/keys')
    expect(keys).toMatchObject({ totalWeight: 1_000 })
    const last = await ask(await first().caller('shop', 'requester'), 'After all')
    await approve(await first().caller('alice', 'approver'), last)
    const eve = await first().caller('eve', 'auditor')
    await until(async () => (await eve.call('GET', `/v1/mints/${last.id}`)).body.state === 'done')
  }, 120_000)
})

type Fact = { readonly facts: Readonly<Record<string, unknown>> }
