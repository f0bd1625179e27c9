import { classify } from '../../../src/relay/classify.ts'

const address = '0xf8d6e0586b0a20c7'

describe('classify', () => {
  const coded = (...codes: readonly number[]) =>
    codes.map((code) => `[Error Code: ${code}] x`).join(' ')
  const full = (account: string) =>
    `[Error Code: 1103] The account with address (${account}) uses 2 bytes of storage`
  it.each([
    { codes: [], reason: '', verdict: 'success' },
    { codes: [], reason: 'the node gives no reason', verdict: 'failure' },
    { codes: [1007], reason: coded(1007), verdict: 'sequence' },
    { codes: [1006, 1008], reason: coded(1006, 1008), verdict: 'signature' },
    { codes: [1006, 1009], reason: coded(1006, 1009), verdict: 'signature' },
    { codes: [1055], reason: coded(1055), verdict: 'signature' },
    { codes: [1202, 1006, 1009], reason: coded(1202, 1006, 1009), verdict: 'signature' },
    { codes: [1118], reason: coded(1118), verdict: 'payer' },
    { codes: [1103], reason: full('f8d6e0586b0a20c7'), verdict: 'payer' },
    { codes: [1103], reason: full('01cf0e2f2f715450'), verdict: 'failure' },
    { codes: [1103], reason: `${full('01cf0e2f2f715450')} ${address}`, verdict: 'failure' },
    { codes: [1101], reason: `panic: ${full('f8d6e0586b0a20c7')}`, verdict: 'failure' },
    { codes: [1101], reason: coded(1101), verdict: 'failure' },
    { codes: [1110, 1101], reason: coded(1110, 1101), verdict: 'compute' },
    { codes: [1110], reason: coded(1110), verdict: 'compute' },
    { codes: [1101, 1101, 1118], reason: 'a panic names 1118', verdict: 'failure' },
    { codes: [1101, 1101, 1007], reason: 'a panic names 1007', verdict: 'failure' },
    { codes: [9_999], reason: coded(9_999), verdict: 'failure' },
  ])('takes $codes for $verdict', ({ codes, reason, verdict }) => {
    expect(classify({ errorCodes: codes, reason }, address)).toBe(verdict)
  })
})
