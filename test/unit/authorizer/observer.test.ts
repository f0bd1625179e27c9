import { notify, type SignEvent } from '../../../src/authorizer/observer.ts'

const event: SignEvent = {
  kind: 'user-message',
  signerId: 'a',
  attempts: 1,
  address: '0x0102030405060708',
  keyIndex: 0,
  signatureAlgorithm: 'ECDSA_P256',
  hashAlgorithm: 'SHA3_256',
  durationMs: 1,
}

describe('notify', () => {
  it('gives the observer a frozen event', () => {
    const seen: SignEvent[] = []
    notify((given) => seen.push(given), { ...event })
    expect(seen).toEqual([event])
    expect(Object.isFrozen(seen[0])).toBe(true)
  })

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no')
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('no'))],
  ])('turns an observer that %s into a warning', async (_, observer) => {
    const warnings: unknown[] = []
    const { emitWarning } = process
    process.emitWarning = (...warning: unknown[]) => warnings.push(warning)
    notify(observer, { ...event })
    await new Promise(setImmediate)
    process.emitWarning = emitWarning
    expect(warnings).toEqual([
      ['onSign threw TypeError; the signature is not affected', 'FclKmsWarning'],
    ])
  })
})
