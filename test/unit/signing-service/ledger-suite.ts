/** What every ledger keeps to, whichever clock the machine has. @module */

import type { Ledger, LedgerClaim } from '../../../src/signing-service/index.ts'

/** A ledger, and its clock. */
export type LedgerUnderTest = {
  readonly ledger: Ledger
  /** Lets the time of the ledger pass. */
  readonly pass: (ms: number) => Promise<void>
}

const hash = (name: string) => name.padStart(64, '0')

/** @param open - A ledger of its own for each test. */
export function describeLedger(name: string, open: () => Promise<LedgerUnderTest>): void {
  const claim = (change: Partial<LedgerClaim> = {}): LedgerClaim => ({
    address: '0xf8d6e0586b0a20c7',
    keyIndex: 0,
    sequenceNumber: 7n,
    payloadHash: hash('a'),
    holdMs: 60_000,
    charges: [],
    ...change,
  })
  const charge = (amount: bigint, perDay: bigint, budget = 'paid') => ({ budget, amount, perDay })

  describe(name, () => {
    it('gives a sequence number to one payload, and to that one again', async () => {
      const { ledger } = await open()
      expect(await ledger.claim(claim())).toEqual({ decision: 'granted' })
      expect(await ledger.claim(claim())).toEqual({ decision: 'replayed' })
      expect(await ledger.claim(claim({ payloadHash: hash('b') }))).toEqual({
        decision: 'conflict',
      })
      expect(await ledger.claim(claim())).toEqual({ decision: 'replayed' })
    })

    it('tells accounts, keys and numbers apart', async () => {
      const { ledger } = await open()
      await ledger.claim(claim())
      const others = [
        { address: '0x01cf0e2f2f715450' },
        { keyIndex: 1 },
        { sequenceNumber: 8n },
        { keyIndex: 4_294_967_295, sequenceNumber: 2n ** 64n - 1n },
      ]
      for (const other of others)
        expect(await ledger.claim(claim({ ...other, payloadHash: hash('b') }))).toEqual({
          decision: 'granted',
        })
    })

    it('lets one of 16 payloads win that come at once', async () => {
      const { ledger } = await open()
      const payloads = Array.from({ length: 16 }, (_, index) => hash(index.toString(16)))
      const charges = [charge(1n, 100n)]
      const said = await Promise.all(
        payloads.map((payloadHash) => ledger.claim(claim({ payloadHash, charges }))),
      )
      const decisions = said.map(({ decision }) => decision)
      expect(decisions.filter((one) => one === 'granted')).toHaveLength(1)
      expect(decisions.filter((one) => one === 'conflict')).toHaveLength(15)
      const winner = payloads[decisions.indexOf('granted')] ?? ''
      expect(await ledger.claim(claim({ payloadHash: winner }))).toEqual({ decision: 'replayed' })
    })

    it('gives a number to another payload when its time has passed, and to one only', async () => {
      const { ledger, pass } = await open()
      await ledger.claim(claim({ holdMs: 3_000 }))
      await pass(3_100)
      const said = await Promise.all(
        ['b', 'c', 'd', 'e'].map((one) => ledger.claim(claim({ payloadHash: hash(one) }))),
      )
      const decisions = said.map(({ decision }) => decision).sort()
      expect(decisions).toEqual(['conflict', 'conflict', 'conflict', 'granted'])
      expect(await ledger.claim(claim())).toEqual({ decision: 'conflict' })
    })

    it('gives the hold of the first claim, and no replay makes it longer', async () => {
      const { ledger, pass } = await open()
      await ledger.claim(claim({ holdMs: 3_000 }))
      await ledger.claim(claim({ holdMs: 600_000 }))
      await pass(3_100)
      expect(await ledger.claim(claim({ payloadHash: hash('b') }))).toEqual({ decision: 'granted' })
    })

    it('spends a budget to its last unit, under 16 at once', async () => {
      const { ledger } = await open()
      const charges = [charge(10n, 105n)]
      const said = await Promise.all(
        Array.from({ length: 16 }, (_, index) =>
          ledger.claim(claim({ sequenceNumber: BigInt(index), charges })),
        ),
      )
      expect(said.filter(({ decision }) => decision === 'granted')).toHaveLength(10)
      expect(said.filter(({ decision }) => decision === 'spent')).toHaveLength(6)
      const rest = { sequenceNumber: 100n, charges: [charge(5n, 105n)] }
      expect(await ledger.claim(claim(rest))).toEqual({ decision: 'granted' })
      const more = { sequenceNumber: 101n, charges: [charge(1n, 105n)] }
      expect(await ledger.claim(claim(more))).toEqual({ decision: 'spent', budget: 'paid' })
    })

    it('takes of all budgets or of none, and leaves the number free', async () => {
      const { ledger } = await open()
      const both = [charge(1n, 10n, 'a'), charge(11n, 10n, 'b')]
      expect(await ledger.claim(claim({ charges: both }))).toEqual({
        decision: 'spent',
        budget: 'b',
      })
      const all = [charge(10n, 10n, 'a'), charge(10n, 10n, 'b')]
      const next = claim({ payloadHash: hash('b'), charges: all })
      expect(await ledger.claim(next)).toEqual({ decision: 'granted' })
    })

    it('takes nothing for a replay, even when all is spent', async () => {
      const { ledger } = await open()
      const charges = [charge(10n, 10n)]
      expect(await ledger.claim(claim({ charges }))).toEqual({ decision: 'granted' })
      expect(await ledger.claim(claim({ charges }))).toEqual({ decision: 'replayed' })
    })

    it('takes nothing for a conflict', async () => {
      const { ledger } = await open()
      await ledger.claim(claim())
      const charges = [charge(10n, 10n)]
      expect(await ledger.claim(claim({ payloadHash: hash('b'), charges }))).toEqual({
        decision: 'conflict',
      })
      expect(await ledger.claim(claim({ sequenceNumber: 8n, charges }))).toEqual({
        decision: 'granted',
      })
    })

    it('keeps amounts beyond what a number of JavaScript can', async () => {
      const { ledger } = await open()
      const most = 2n ** 64n - 1n
      const first = claim({ charges: [charge(most - 1n, most)] })
      expect(await ledger.claim(first)).toEqual({ decision: 'granted' })
      const over = claim({ sequenceNumber: 8n, charges: [charge(2n, most)] })
      expect(await ledger.claim(over)).toEqual({ decision: 'spent', budget: 'paid' })
      const rest = claim({ sequenceNumber: 8n, charges: [charge(1n, most)] })
      expect(await ledger.claim(rest)).toEqual({ decision: 'granted' })
    })
  })
}
