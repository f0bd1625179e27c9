/** Which codes a node says of a failure, and that no text of a submitter adds one. @module */
import fc from 'fast-check'
import { errorCodesOf, fullAccountOf } from '../../../src/flow/failure-message.ts'
import { isBusy, isDuplicate, refusalOf } from '../../../src/flow/refusals.ts'
import { classify } from '../../../src/relay/classify.ts'
import { failures, payerAddress } from './failures.ts'

describe('errorCodesOf', () => {
  it.each(failures)('reads $codes of $name', ({ message, codes }) => {
    expect(errorCodesOf(message('x'))).toEqual(codes)
  })

  it.each([
    ['', []],
    ['failed', []],
    ['panic: [Error Code: 1007]', []],
    [' [Error Code: 1007] x', []],
    ['[Error Code: 1007]', []],
    ['[Error Code: x] y', []],
    ['[Failure Code: 2000] [Error Code: 1007] x', []],
    ['[Error Code: 1007] the key has number 3', [1007]],
    ['[Error Code: 1101] [Error Code: 1007] x', [1101]],
    ['[Error Code: 1101] cadence runtime error: [Error Code: 1007] x', [1101]],
    ['[Error Code: 1006] invalid proposal key: [Error Code: 1008] invalid payload', [1006, 1008]],
    ['[Error Code: 1101] invalid proposal key: [Error Code: 1008] invalid payload', [1101]],
    [
      '[Error Code: 1101] error caused by: 2 errors occurred:\n\t* transaction execute failed: [Error Code: 1101] cadence\n\t* [Error Code: 1118] x',
      [1101],
    ],
  ])('reads of "%s" %j', (message, codes) => {
    expect(errorCodesOf(message)).toEqual(codes)
  })
})

describe('fullAccountOf', () => {
  const sentence = 'The account with address (f8d6e0586b0a20c7) uses 2 bytes of storage which is'
  it('reads the account of the sentence that stands right behind the code', () => {
    expect(fullAccountOf(`[Error Code: 1103] ${sentence}`)).toBe('f8d6e0586b0a20c7')
  })
  it.each([
    sentence,
    `[Error Code: 1101] ${sentence}`,
    `[Error Code: 1103] error: ${sentence}`,
    `[Error Code: 1103] error caused by: 1 error occurred:\n\t* x: [Error Code: 1101] ${sentence}`,
    `[Error Code: 1103] The account with address (1) uses 2 bytes of storage`,
  ])('reads none of "%s"', (message) => {
    expect(fullAccountOf(message)).toBeUndefined()
  })
})

describe('what submitters write', () => {
  const id = 'ab'.repeat(32)
  const phrases = [
    ...[1006, 1007, 1008, 1009, 1055, 1101, 1103, 1105, 1110, 1118].map(
      (code) => `[Error Code: ${code}] `,
    ),
    'expired',
    'reference block',
    'unknown reference block',
    'transaction is expired: ref_height=1 final_height=900',
    'insufficient balance',
    'rate limited',
    `transaction with ID ${id} has already been submitted`,
    'already been submitted',
    `pending block with ID ${id} is currently being executed`,
    'invalid transaction: ',
    'Invalid Flow argument: ',
    'Invalid Flow request: ',
    'error caused by: 1 error occurred:\n\t* ',
    'transaction verification failed: ',
    'checking sequence number failed: ',
    'invalid proposal key: public key 0 on account ',
    'The account with address (f8d6e0586b0a20c7) uses 2 bytes of storage',
    'computation limit exceeded (used: 11, limit: 10)',
    'could not find account',
    'is invalid for chain flow-mainnet',
    '\n',
    '\t* ',
    ': ',
    '"',
  ]
  const written = fc
    .array(fc.oneof(fc.constantFrom(...phrases), fc.string({ maxLength: 8 })), { maxLength: 6 })
    .map((parts) => parts.join(''))

  it.each(failures)('never steers what is made of $name', ({ message, codes, verdict }) => {
    fc.assert(
      fc.property(written, (quoted) => {
        const reason = message(quoted)
        expect(errorCodesOf(reason)).toEqual(codes)
        expect(classify({ errorCodes: errorCodesOf(reason), reason }, payerAddress)).toBe(verdict)
      }),
    )
  })

  it('never steers what is made of a refusal', () => {
    const parse = 'failed to parse transaction Cadence script: Parsing failed:\nerror: '
    const said = (quoted: string) => `${parse}unexpected token\n --> :1:3\n  |\n1 | ${quoted}\n`
    fc.assert(
      fc.property(written, (quoted) => {
        const network = `Invalid Flow argument: invalid transaction: ${said(quoted)}`
        const local = `Invalid Flow request: ${said(quoted)}`
        expect(refusalOf(400, network)).toBe('invalid')
        expect(refusalOf(500, local)).toBe('invalid')
        for (const message of [network, local]) {
          expect(isBusy(500, message)).toBe(false)
          expect(isDuplicate(500, message, id)).toBe(false)
        }
      }),
    )
  })

  it('never makes a refusal of what collection nodes said', () => {
    fc.assert(
      fc.property(written, (quoted) => {
        const message = `failed to send transaction to a collection node: 2 errors occurred:\n\t* ${quoted}`
        expect(refusalOf(400, `Invalid Flow argument: ${message}`)).toBeUndefined()
        expect(refusalOf(500, `Invalid Flow request: ${message}`)).toBeUndefined()
      }),
    )
  })
})
