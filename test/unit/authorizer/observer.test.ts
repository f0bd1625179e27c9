import { notify, type SignEvent, transactionFacts } from '../../../src/authorizer/observer.ts'
import { warningsOf } from '../../support/warnings.ts'

const transaction = transactionFacts(
  {
    cadence: 'transaction {}',
    arguments: [],
    referenceBlockId: new Uint8Array(32),
    computeLimit: 100,
    proposalKey: {
      address: '0x0102030405060708',
      keyIndex: 3,
      sequenceNumber: 18_446_744_073_709_551_615n,
    },
    payer: '0x0102030405060708',
    authorizers: ['0x0102030405060708'],
    payloadSignatures: [],
    envelopeSignatures: [],
  },
  'envelope',
)

const event: SignEvent = {
  kind: 'transaction',
  transaction,
  signerId: 'a',
  attempts: 1,
  address: '0x0102030405060708',
  keyIndex: 0,
  signatureAlgorithm: 'ECDSA_P256',
  hashAlgorithm: 'SHA3_256',
  durationMs: 1,
}

describe('notify', () => {
  it('gives the observer an event that JSON takes as it is, spread or not', async () => {
    const lines: string[] = []
    const observer = (given: SignEvent) => {
      lines.push(JSON.stringify(given), JSON.stringify({ level: 'info', ...given }))
    }
    expect(await warningsOf(() => notify(observer, { ...event }))).toEqual([])
    const [line = '', spread = ''] = lines
    expect(JSON.parse(line)).toEqual(event)
    expect(JSON.parse(spread)).toEqual({ level: 'info', ...event })
  })

  it('tells a sequence number to its last digit', () => {
    expect(transaction.proposalKey.sequenceNumber).toBe('18446744073709551615')
  })

  it('turns what an observer throws into a warning', async () => {
    const observer = () => {
      throw new TypeError('no')
    }
    const text = 'onSign threw TypeError: no; the signature is not affected'
    expect(await warningsOf(() => notify(observer, { ...event }))).toMatchObject([
      { name: 'FclKmsWarning', message: text },
    ])
  })
})
