import type { SignEvent } from '../../src/authorizer/observer.ts'
import { type Observed, tellObserver } from '../../src/observers.ts'
import type { PoolReport } from '../../src/proposal-keys/report.ts'
import type { RelayEvent } from '../../src/relay/events.ts'
import type { GovernorReport } from '../../src/signers/governor/governor.ts'
import { warningsOf } from '../support/warnings.ts'

const observed: Observed = { name: 'onSign', spared: 'the signature is' }

describe('tellObserver', () => {
  it('gives the observer a frozen event', () => {
    const seen: object[] = []
    tellObserver((given) => seen.push(given), { kind: 'a' }, observed)
    expect(seen).toEqual([{ kind: 'a' }])
    expect(Object.isFrozen(seen[0])).toBe(true)
  })

  it('does nothing when there is none', () => {
    expect(() => tellObserver(undefined, { kind: 'a' }, observed)).not.toThrow()
  })

  const thrown = new TypeError('Do not know how to serialize\na BigInt')
  it.each([
    [
      'throws',
      () => {
        throw thrown
      },
    ],
    ['rejects', () => Promise.reject(thrown)],
  ])('turns an observer that %s into a warning with the cause', async (_, observer) => {
    const [warning, ...others] = await warningsOf(() => tellObserver(observer, {}, observed))
    expect(warning).toMatchObject({
      name: 'FclKmsWarning',
      message:
        'onSign threw TypeError: Do not know how to serialize a BigInt; the signature is not affected',
    })
    expect(warning?.cause).toBe(thrown)
    expect(others).toEqual([])
  })

  it.each([
    ['a text', 'no', 'something'],
    ['nothing', undefined, 'something'],
    ['an error of 1,000 characters', new Error('x'.repeat(1_000)), `Error: ${'x'.repeat(293)}`],
    [
      'an error that cannot be read',
      Object.defineProperty(new Error(), 'message', {
        get() {
          throw new Error()
        },
      }),
      'an error that cannot be read',
    ],
  ])('says of an observer that throws %s what it can', async (_, given, text) => {
    const observer = () => {
      throw given
    }
    const [warning] = await warningsOf(() => tellObserver(observer, {}, observed))
    expect(warning?.message).toBe(`onSign threw ${text}; the signature is not affected`)
  })
})

/** What `JSON.stringify` takes, also when it is spread into a line with a time and a level. */
type Json = string | number | boolean | null | undefined | readonly Json[] | JsonObject
type JsonObject = { readonly [name: string]: Json }

it('has no event that JSON cannot take: the compiler reads this test', () => {
  const events: readonly ((
    event: SignEvent | RelayEvent | PoolReport | GovernorReport,
  ) => JsonObject)[] = [(event) => event]
  expect(events).toHaveLength(1)
})
