import type { TransactionOutcome } from '../../../src/flow/transaction-outcome.ts'
import { usedCompute } from '../../../src/relay/compute.ts'

const outcome = (change: Partial<TransactionOutcome>): TransactionOutcome => ({
  transactionId: '0'.repeat(64),
  blockId: '0'.repeat(64),
  height: 1,
  sealed: true,
  errorCodes: [],
  reason: '',
  computationUsed: 0,
  events: [],
  ...change,
})

const type = 'A.e5a8b7f23e8b548f.FlowFees.FeesDeducted'
const effort = (value: string) => ({ type: 'UFix64', value })
const feesWith = (field: object) => [{ type, payload: { value: { fields: [field] } } }]

describe('usedCompute', () => {
  it('takes the result where it tells', () => {
    expect(usedCompute(outcome({ computationUsed: 81 }))).toBe(81)
  })

  it.each([
    ['name first', { name: 'executionEffort', value: effort('0.00000081') }, 81],
    [
      'value first',
      { value: { value: '0.00000081', type: 'UFix64' }, name: 'executionEffort' },
      81,
    ],
    ['a whole part', { name: 'executionEffort', value: effort('1.00000000') }, 100_000_000],
    ['few digits', { name: 'executionEffort', value: effort('0.0001') }, 10_000],
    ['another field', { name: 'inclusionEffort', value: effort('1.0') }, 0],
  ])('reads the event of the fees: %s', (_, field, used) => {
    expect(usedCompute(outcome({ events: feesWith(field) }))).toBe(used)
  })

  it('says 0 when nothing tells', () => {
    const other = [{ type: 'A.01cf0e2f2f715450.Other.FeesDeducted', payload: null }]
    expect(usedCompute(outcome({ events: other }))).toBe(0)
  })
})
