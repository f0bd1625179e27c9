import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { createMintAccount } from '../support/mint-relay.ts'
import { startRelay } from '../support/relay.ts'
import { firstSends, idsOf, isSend, recordSends, startRun } from '../support/relay-run.ts'
import { until } from '../support/until.ts'

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain({ extraFlags: ['--storage-limit=false'] }) // accounts have no FLOW
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

describe('when a connection is reset before a send', () => {
  it('sends the same bytes again, so that each job has one transaction', async () => {
    await using run = await startRun(chain, { copies: 3 })
    const { bodies, recording } = recordSends(firstSends(2, { kind: 'reset-before' }))
    run.proxy.setFault(recording)
    const ids = await run.submit(idsOf(6).map((id) => run.account.single(id)))
    await run.sealed(ids)
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(6)
    expect(new Set(bodies).size).toBe(6)
    expect(bodies).toHaveLength(18)
  })

  it('waits while nothing is answered at all, and goes on by itself', async () => {
    await using run = await startRun(chain)
    let down = true
    run.proxy.setFault(() => (down ? { kind: 'reset-before' } : undefined))
    const ids = await run.submit(idsOf(4).map((id) => run.account.single(id)))
    setTimeout(() => {
      down = false
    }, 2_000)
    await run.sealed(ids)
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(4)
  })
})

describe('when the node limits the rate', () => {
  const limited = { kind: 'status', status: 429, body: '{"code":429,"message":"slow"}' } as const

  it('waits as long as the node asks, and mints all', async () => {
    await using run = await startRun(chain, { copies: 4 })
    const times: number[] = []
    run.proxy.setFault((request) => {
      if (!isSend(request)) return undefined
      times.push(performance.now())
      return times.length === 1 ? { ...limited, headers: { 'retry-after': '2' } } : undefined
    })
    const ids = await run.submit([run.account.single('order-0')])
    await run.sealed(ids)
    const [first = 0, second = 0] = times
    expect(second - first).toBeGreaterThanOrEqual(1_990)
    await run.check()
  })

  it('mints all through a storm of 429, each from its first bytes', async () => {
    await using run = await startRun(chain, { copies: 4 })
    run.proxy.setFault(firstSends(3, { ...limited, headers: { 'retry-after': '0' } }))
    const ids = await run.submit(idsOf(12).map((id) => run.account.single(id)))
    await run.sealed(ids)
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(12)
    expect(run.eventsOf('sent').filter(({ verdict }) => verdict === 'limited')).toHaveLength(36)
  })

  it('sends to the other node meanwhile', async () => {
    await using run = await startRun(chain, { copies: 4, otherNodes: [chain.url] })
    run.proxy.setFault((request) =>
      isSend(request) ? { ...limited, headers: { 'retry-after': '60' } } : undefined,
    )
    await run.sealed(await run.submit(idsOf(6).map((id) => run.account.single(id))))
    await run.check()
    const sent = run.eventsOf('sent')
    // Those that were under way when it first said so.
    const limits = sent.filter(({ verdict }) => verdict === 'limited')
    expect(limits.length).toBeLessThanOrEqual(4)
    expect(sent).toHaveLength(limits.length + 6)
    expect(sent.filter(({ verdict }) => verdict === 'taken')).toHaveLength(6)
  })
})

describe('when the emulator refuses a script that does not parse', () => {
  it('fails its job after one signature, whatever the line says that it quotes', async () => {
    await using run = await startRun(chain, { copies: 4 })
    const lines = [
      'if expired { panic("reference block") } els { }',
      'asert(true, message: "insufficient balance") panic("")',
      'panic("this order has already been submitted") panic("")',
      'let x = "pending block with ID 00 is currently being executed" panic("")',
      'let x = "[Error Code: 1007]" let y = "[Error Code: 1118]"',
    ]
    const bad = await run.submit(
      lines.map((line, index) => ({
        id: `bad-${index}`,
        cadence: `transaction { prepare(signer: &Account) { ${line} } }`,
        limit: 100,
      })),
    )
    await run.sealed(await run.submit(idsOf(4).map((id) => run.account.single(id))))
    for (const id of bad) {
      const job = await run.relay.job(id)
      await expect(job.sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
      expect(await job.status()).toMatchObject({ errorCode: 'ACCESS_NODE_REFUSED' })
    }
    expect(run.eventsOf('signed')).toHaveLength(9)
    expect(run.eventsOf('held')).toEqual([])
    await run.check()
  })
})

describe('when what became of a block is not told', () => {
  it('goes on waiting while the results are not found, and fails nothing', async () => {
    await using run = await startRun(chain)
    let hidden = true
    const missing = { kind: 'status', status: 404, body: '{"code":404,"message":"no"}' } as const
    run.proxy.setFault(({ path }) =>
      hidden && path.startsWith('/v1/transaction_results') ? missing : undefined,
    )
    const ids = await run.submit(idsOf(3).map((id) => run.account.single(id)))
    setTimeout(() => {
      hidden = false
    }, 13_000) // longer than FCL waits
    await run.sealed(ids)
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(3)
    expect(run.eventsOf('requeued')).toEqual([])
  })
})

it('starts on no two nodes of different chains', async () => {
  const account = await createMintAccount(chain, 1)
  await using run = await startRun(chain, { account })
  run.proxy.setFault(({ path }) =>
    path.startsWith('/v1/network/parameters')
      ? { kind: 'body', body: '{"chain_id":"flow-mainnet"}' }
      : undefined,
  )
  const starting = startRelay(chain, account, { accessNodes: [chain.url, run.proxy.url] })
  await expect(starting).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
})

it('takes an old block for one of a node that lags, not for a chain that went back', async () => {
  const old = await latestBlock()
  await until(async () => (await latestBlock()) !== old)
  await using run = await startRun(chain)
  run.proxy.setFault(({ path }) =>
    path.startsWith('/v1/blocks?height=final') ? { kind: 'body', body: old } : undefined,
  )
  const asked = () => run.proxy.requests.get('GET /v1/blocks') ?? 0
  const ids = await run.submit([run.account.single('order-1')])
  const before = asked()
  await until(() => asked() > before + 12)
  run.proxy.setFault(undefined)
  await run.sealed(ids)
  await run.check()
  expect(run.eventsOf('held')).toEqual([])
})

async function latestBlock(): Promise<string> {
  return (await fetch(`${chain.url}/v1/blocks?height=final`)).text()
}
