/** The sentences by which a node says that it took nothing, and everything that is not one. @module */
import { isBusy, isDuplicate, refusalOf } from '../../../src/flow/refusals.ts'

const go = 'flow-go access/validator/errors.go'
const emulator = 'flow-emulator types/errors.go'
const account = 'f8d6e0586b0a20c7'
const signature = `Address: ${account}. SignerIndex: 0. KeyID: 0. Signature: 00. Extension Data: `

/** `open`: it ends in what others wrote, so that only its beginning tells. */
const sentences = [
  { source: go, said: 'transaction is expired: ref_height=19 final_height=30', refusal: 'stale' },
  { source: go, said: 'unknown reference block', refusal: 'stale' },
  { source: go, said: `transaction rate limited for payer (${account})`, refusal: 'payer' },
  {
    source: go,
    said: `transaction payer (${account}) has insufficient balance to pay transaction fee. Required balance: (0.00100000). `,
    refusal: 'payer',
  },
  {
    source: go,
    said: 'failed to parse transaction Cadence script: Parsing failed:\nerror: unexpected token',
    refusal: 'invalid',
    open: true,
  },
  {
    source: go,
    said: 'transaction is missing required fields: [script gas limit]',
    refusal: 'invalid',
  },
  {
    source: go,
    said: 'transaction gas limit (0) is not in the acceptable range (min: 1, max: 9999)',
    refusal: 'invalid',
  },
  {
    source: emulator,
    said: 'transaction compute limit (10000) exceeds the maximum compute limit (9999)',
    refusal: 'invalid',
  },
  {
    source: go,
    said: 'transaction byte size (1600000) exceeds the maximum byte size allowed for a transaction (1500000)',
    refusal: 'invalid',
  },
  { source: go, said: 'invalid address: 0000000000000001', refusal: 'invalid' },
  {
    source: go,
    said: `duplicated signature for key (address: ${account}, index: 0)`,
    refusal: 'invalid',
  },
  {
    source: go,
    said: `payer envelope signature is missing: missing signature is from account ${account}`,
    refusal: 'invalid',
  },
  {
    source: go,
    said: `proposer signature on either payload or envelope is missing: missing signature is from account ${account}`,
    refusal: 'invalid',
  },
  {
    source: go,
    said: `unrelated account signature from address: ${account}`,
    refusal: 'invalid',
  },
  {
    source: go,
    said: `the cryptographic signature within the transaction signature has an invalid format: ${signature}`,
    refusal: 'invalid',
    open: true,
  },
  {
    source: go,
    said: `the transaction signature has invalid extension data: ${signature}`,
    refusal: 'invalid',
    open: true,
  },
  { source: go, said: `invalid signature: ${signature}`, refusal: 'invalid', open: true },
] as const

const network = (said: string) => `Invalid Flow argument: invalid transaction: ${said}`
const local = (said: string) => `Invalid Flow request: ${said}`

describe('refusalOf', () => {
  it.each(sentences)('knows "$said" ($source)', ({ said, refusal }) => {
    expect(refusalOf(400, network(said))).toBe(refusal)
    expect(refusalOf(500, local(said))).toBe(refusal)
  })

  it.each([
    'too many arguments. Maximum arguments allowed: 100',
    'too many authorizers. Maximum authorizers allowed: 100',
    'script not provided',
    'envelope signatures not provided',
  ])('knows "%s" (flow-go engine/access/rest/http/request/transaction.go)', (said) => {
    expect(refusalOf(400, said)).toBe('invalid')
    expect(refusalOf(400, `${said}: and more`)).toBeUndefined()
    expect(refusalOf(500, said)).toBeUndefined()
    expect(refusalOf(400, network(said))).toBeUndefined()
  })

  const collector = (said: string) =>
    `failed to send transaction to collection node at a:9000: rpc error: code = InvalidArgument desc = ${said}`
  const unreached = 'rpc error: code = DeadlineExceeded desc = context deadline exceeded'
  const elsewhere: readonly (readonly [string, (said: string) => string])[] = [
    ['alone', (said) => said],
    ['after it was passed on', (said) => local(`failed to store transaction: ${said}`)],
    [
      'of one collection node among two',
      (said) =>
        `Invalid Flow argument: failed to send transaction to a collection node: 2 errors occurred:\n\t* ${unreached}\n\t* ${collector(said)}`,
    ],
    [
      'of a collection node that nobody else was asked after',
      (said) => local(`failed to send transaction to a collection node: ${said}`),
    ],
    ['behind another wrapper', (said) => `Precondition failed: ${said}`],
    ['behind a wrapper of another case', (said) => network(said).toLowerCase()],
    ['behind two wrappers', (said) => local(network(said))],
    ['behind half of a wrapper', (said) => `Invalid Flow argument: ${said}`],
    ['behind a space', (said) => ` ${network(said)}`],
    ['behind a line', (said) => `\n${network(said)}`],
    ['in HTML', (said) => `<html><body>${local(said)}</body></html>`],
    ['in quotes', (said) => `"${network(said)}"`],
    ['in the error of a gateway', (said) => `upstream answered: ${local(said)}`],
    ['cut at its beginning', (said) => network(said.slice(1))],
    ['cut in its middle', (said) => network(said.slice(0, 12))],
  ]
  it.each(elsewhere)('does not know them %s', (_, place) => {
    for (const { said } of sentences)
      for (const status of [400, 500])
        expect([said, refusalOf(status, place(said))]).toEqual([said, undefined])
  })

  it('does not know them cut at their end, or followed by more', () => {
    for (const one of sentences) {
      if ('open' in one) continue
      const cut = one.said.trimEnd().split(' ').slice(0, -1).join(' ')
      for (const said of [cut, `${one.said}\nerror: and more`]) {
        expect([said, refusalOf(400, network(said))]).toEqual([said, undefined])
        expect([said, refusalOf(500, local(said))]).toEqual([said, undefined])
      }
    }
  })

  it('does not know them under another status', () => {
    const statuses = [200, 401, 403, 404, 408, 409, 413, 422, 429, 502, 503, 504]
    for (const { said } of sentences) {
      for (const status of statuses)
        for (const message of [network(said), local(said)])
          expect(refusalOf(status, message)).toBeUndefined()
      expect(refusalOf(500, network(said))).toBeUndefined()
      expect(refusalOf(400, local(said))).toBeUndefined()
    }
  })

  it('takes a script that does not parse for that, whatever its lines say', () => {
    for (const { said } of sentences) {
      const quoting = `failed to parse transaction Cadence script: Parsing failed:\n1 | ${said}`
      expect(refusalOf(400, network(quoting))).toBe('invalid')
      expect(refusalOf(500, local(quoting))).toBe('invalid')
    }
  })

  it.each([
    'could not get reference block: database is closed',
    'could not get finalized header: database is closed',
    'the difference between the latest sealed height (9) and indexed height (1) exceeds the maximum gap allowed',
    'internal server error',
    '',
  ])('knows nothing by "%s"', (said) => {
    expect(refusalOf(400, network(said))).toBeUndefined()
    expect(refusalOf(500, local(said))).toBeUndefined()
  })
})

describe('isDuplicate', () => {
  const id = 'ab'.repeat(32)
  const message = `Invalid Flow request: transaction with ID ${id} has already been submitted`
  it('knows the sentence of the emulator about this transaction', () => {
    expect(isDuplicate(500, message, id)).toBe(true)
  })
  it.each([
    [400, message],
    [500, message.replaceAll('ab', 'cd')],
    [500, `${message} yesterday`],
    [500, message.replace('Invalid Flow request: ', '')],
    [500, `Invalid Flow request: failed to parse transaction Cadence script: ${message}`],
  ])('does not know %d with "%s"', (status, other) => {
    expect(isDuplicate(status, other, id)).toBe(false)
  })
})

describe('isBusy', () => {
  const message = `Invalid Flow request: pending block with ID ${'0a'.repeat(32)} is currently being executed`
  it('knows the sentence of the emulator', () => {
    expect(isBusy(500, message)).toBe(true)
  })
  it.each([
    [400, message],
    [503, message],
    [500, `${message} "`],
    [500, message.replace('Invalid Flow request: ', '')],
    [500, `Invalid Flow request: failed to parse transaction Cadence script: ${message}`],
  ])('does not know %d with "%s"', (status, other) => {
    expect(isBusy(status, other)).toBe(false)
  })
})
