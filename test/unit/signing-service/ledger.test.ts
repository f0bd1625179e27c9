import { envelopeMessage, payloadMessage } from '../../../src/crypto/transaction.ts'
import { createMemoryLedger, type Ledger } from '../../../src/signing-service/index.ts'
import {
  address,
  amountOf,
  askingEnvelope,
  askingPayload,
  changed,
  fullKey,
  numbered,
  refusedWith,
  serviceWith,
  signer,
  verifies,
} from './fixture.ts'

const ledgerThat = (claim: unknown) => ({ claim }) as Ledger // what a user may write

describe('a service with a ledger', () => {
  it('signs one of 16 payloads for a sequence number, whichever part is asked for', async () => {
    const { service } = serviceWith({ ledger: createMemoryLedger() })
    const transactions = Array.from({ length: 16 }, (_, index) => changed(amountOf(`1.${index}`)))
    const said = await Promise.all(
      transactions.map((one, index) =>
        service.handle(index % 2 === 0 ? askingPayload(one) : askingEnvelope(one)),
      ),
    )
    const statuses = said.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(15)
    const winner = transactions[statuses.indexOf(200)] ?? changed({})
    expect((await service.handle(askingEnvelope(winner))).status).toBe(200)
    expect((await service.handle(askingPayload(winner))).status).toBe(200)
  })

  it('signs a payload, and the envelope of it with any payload signatures', async () => {
    const { service, events } = serviceWith({ ledger: createMemoryLedger() })
    const signature = new Uint8Array(64).fill(1)
    const signed = changed({ payloadSignatures: [{ address, keyIndex: 1, signature }] })
    const said = [
      await service.handle(askingPayload()),
      await service.handle(askingEnvelope(signed)),
    ]
    expect(await verifies(said[0]?.body ?? {}, payloadMessage(signed))).toBe(true)
    expect(await verifies(said[1]?.body ?? {}, envelopeMessage(signed))).toBe(true)
    expect(events.map(({ replayed }) => replayed)).toEqual([false, true])
  })

  it('refuses the envelope of another payload', async () => {
    const { service } = serviceWith({ ledger: createMemoryLedger() })
    await service.handle(askingPayload())
    expect(await service.handle(askingEnvelope(changed(amountOf('9.0'))))).toEqual(
      refusedWith('LEDGER_CONFLICT', 409),
    )
  })

  it('is not asked about what the policy refuses', async () => {
    const { service } = serviceWith({ ledger: createMemoryLedger() })
    await service.handle(askingPayload(changed(amountOf('11.0'))))
    expect((await service.handle(askingPayload())).status).toBe(200)
  })

  it('gives the same payload another try when the signer had failed', async () => {
    let isDown = true
    const sign: typeof signer.sign = async (request) => {
      if (isDown) throw new Error('down')
      return signer.sign(request)
    }
    const { service } = serviceWith({
      ledger: createMemoryLedger(),
      budgets: { transactionsPerDay: 1 },
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    expect((await service.handle(askingPayload())).status).toBe(500)
    isDown = false
    expect((await service.handle(askingPayload(changed(amountOf('2.0'))))).status).toBe(409)
    expect((await service.handle(askingPayload())).status).toBe(200)
    expect((await service.handle(askingPayload(numbered(9n)))).status).toBe(403)
  })

  it.each<readonly [string, unknown]>([
    ['throws', () => Promise.reject(new Error('the password is wrong'))],
    ['throws at once', () => fail()],
    ['says nothing', async () => undefined],
    ['says yes', async () => true],
    ['says something else', async () => ({ decision: 'allowed' })],
    ['hangs', () => new Promise(() => undefined)],
  ])('signs nothing when the ledger %s', async (_name, claim) => {
    let asked = 0
    const sign: typeof signer.sign = async (request) => {
      asked += 1
      return signer.sign(request)
    }
    const { service, events } = serviceWith({
      ledger: ledgerThat(claim),
      ledgerTimeoutMs: 20,
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    const said = await service.handle(askingPayload())
    expect(said).toEqual(refusedWith('LEDGER_UNAVAILABLE', 503))
    expect(said.body).toMatchObject({ error: { disposition: 'retry' } })
    expect(asked).toBe(0)
    expect(JSON.stringify([said, events])).not.toContain('password')
  })
})

function fail(): never {
  throw new Error('the password is wrong')
}
