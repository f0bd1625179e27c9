import { createMemoryLedger, type LedgerClaim } from '../../../src/signing-service/index.ts'
import { describeLedger } from './ledger-suite.ts'

const MINUTE_MS = 60_000

/** A clock that a test moves. */
function movable(startMs = Date.UTC(2026, 10, 28, 12), maxHeld?: number) {
  const clock = { monotonic: 1_000, wall: startMs }
  const told = { monotonicMs: () => clock.monotonic, wallMs: () => clock.wall }
  const ledger = createMemoryLedger(told, maxHeld)
  return { clock, ledger }
}

describeLedger('the ledger in memory', async () => {
  const { clock, ledger } = movable()
  const pass = async (ms: number) => {
    clock.monotonic += ms
    clock.wall += ms
  }
  return { ledger, pass }
})

describe('the clock of the ledger in memory', () => {
  const claim = (sequenceNumber: bigint, change: Partial<LedgerClaim> = {}): LedgerClaim => ({
    address: '0xf8d6e0586b0a20c7',
    keyIndex: 0,
    sequenceNumber,
    payloadHash: 'a'.repeat(64),
    holdMs: 20 * MINUTE_MS,
    charges: [],
    ...change,
  })
  const other = { payloadHash: 'b'.repeat(64) }
  const charges = [{ budget: 'paid', amount: 10n, perDay: 10n }]

  it.each([20, -20])('frees no number when it is set by %i minutes', async (minutes) => {
    const { clock, ledger } = movable()
    await ledger.claim(claim(1n))
    clock.wall += minutes * MINUTE_MS
    clock.monotonic += 10 * MINUTE_MS
    expect(await ledger.claim(claim(1n, other))).toEqual({ decision: 'conflict' })
    clock.monotonic += 10 * MINUTE_MS + 1
    expect(await ledger.claim(claim(1n, other))).toEqual({ decision: 'granted' })
  })

  it('begins a day at midnight UTC', async () => {
    const { clock, ledger } = movable(Date.UTC(2026, 10, 28, 23, 59))
    expect(await ledger.claim(claim(1n, { charges }))).toEqual({ decision: 'granted' })
    expect(await ledger.claim(claim(2n, { charges }))).toMatchObject({ decision: 'spent' })
    clock.wall += MINUTE_MS
    expect(await ledger.claim(claim(2n, { charges }))).toEqual({ decision: 'granted' })
  })

  it('spends no day twice when it is set back over midnight and forth again', async () => {
    const { clock, ledger } = movable(Date.UTC(2026, 10, 29, 0, 10))
    const said: unknown[] = []
    for (const minutes of [0, -20, 20, -20, 20]) {
      clock.wall += minutes * MINUTE_MS
      said.push((await ledger.claim(claim(BigInt(said.length), { charges }))).decision)
    }
    expect(said).toEqual(['granted', 'granted', 'spent', 'spent', 'spent'])
  })

  it('forgets what has expired, so that its memory has a bound', async () => {
    const { clock, ledger } = movable()
    await ledger.claim(claim(1n))
    clock.monotonic += 21 * MINUTE_MS
    await ledger.claim(claim(2n))
    // A replay of what is forgotten is granted anew.
    expect(await ledger.claim(claim(1n))).toEqual({ decision: 'granted' })
  })

  it('that is full signs no other number until one has expired, and replays those it holds', async () => {
    const { clock, ledger } = movable(undefined, 2)
    await ledger.claim(claim(1n))
    await ledger.claim(claim(2n))
    await expect(ledger.claim(claim(3n))).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' })
    expect(await ledger.claim(claim(2n))).toEqual({ decision: 'replayed' })
    clock.monotonic += 21 * MINUTE_MS
    expect(await ledger.claim(claim(3n))).toEqual({ decision: 'granted' })
  })
})
