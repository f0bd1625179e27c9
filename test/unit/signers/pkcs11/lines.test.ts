import fc from 'fast-check'
import { createLineReader, toLine } from '../../../../src/signers/pkcs11/lines.ts'

function reader() {
  const messages: unknown[] = []
  let garbage = 0
  const read = createLineReader(
    (message) => messages.push(message),
    () => {
      garbage += 1
    },
  )
  return { read, messages, garbage: () => garbage }
}

describe('a line', () => {
  const message = [
    { number: 1, value: new Uint8Array([0, 255]), fault: undefined },
    { number: 2, value: { publicKey: Buffer.from('0a0b', 'hex'), label: 'ключ\n' } },
    { number: 3, value: null },
  ]
  const read = [
    { number: 1, value: new Uint8Array([0, 255]) },
    { number: 2, value: { publicKey: new Uint8Array([10, 11]), label: 'ключ\n' } },
    { number: 3, value: null },
  ]

  it('is read as it was written, however it is cut', () => {
    const text = toLine(message) + toLine([])
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(text.length), (one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one]
        const to1 = reader()
        for (const part of [text.slice(0, from), text.slice(from, to), text.slice(to)])
          to1.read(part)
        expect(to1.messages).toEqual([read, []])
        expect(to1.garbage()).toBe(0)
      }),
    )
  })

  it.each([
    'garbage\n',
    '{}\n',
    '[1]\n',
    '[null]\n',
    '\n',
    '[{"bytes":"0"}]\n',
    '[{"bytes":"0x"}]\n',
  ])('is none: %j, and nothing is read after it', (text) => {
    const { read: take, messages, garbage } = reader()
    take(toLine([]))
    take(text)
    take(toLine([]))
    expect(messages).toEqual([[]])
    expect(garbage()).toBe(1)
  })

  it('has an end', () => {
    const { read: take, garbage } = reader()
    for (let chunk = 0; chunk < 5; chunk++) take('x'.repeat(1_024 * 1_024))
    expect(garbage()).toBe(1)
  })
})
