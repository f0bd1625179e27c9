import { parseIntent, type SubmitRequest } from '../../../src/relay/intent.ts'

const names = new Set(['mints'])
const cadence = 'transaction {}'
const single: SubmitRequest = { id: 'order-1', cadence, limit: 100 }
const hashOf = (request: SubmitRequest) => parseIntent(request, names).intentHash

describe('parseIntent', () => {
  it('keeps what is asked for, and the arguments as texts', () => {
    const args = [{ type: 'UInt64', value: '1' }]
    expect(parseIntent({ ...single, args }, names)).toEqual({
      id: 'order-1',
      cadence,
      computeLimit: 100,
      batch: null,
      batchGroup: null,
      arguments: ['{"type":"UInt64","value":"1"}'],
      intentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('takes a part of a batch, which has neither source nor limit of its own', () => {
    const intent = parseIntent({ id: 'order-1', batch: 'mints' }, names)
    expect(intent).toMatchObject({ batch: 'mints', cadence: '', computeLimit: 0, arguments: [] })
  })

  it('keeps the group of a part of a batch, which is no part of the intent', () => {
    const request = { id: 'order-1', batch: 'mints' }
    expect(parseIntent({ ...request, group: 'keys-0-1' }, names).batchGroup).toBe('keys-0-1')
    expect(hashOf({ ...request, group: 'keys-0-1' })).toBe(hashOf(request))
  })

  it('gives one intent one hash, whatever its id and the order of the keys', () => {
    const one = { type: 'Struct', value: { id: 'A', fields: [{ name: 'x', value: 1 }] } }
    const other = { value: { fields: [{ value: 1, name: 'x' }], id: 'A' }, type: 'Struct' }
    expect(hashOf({ ...single, args: [one] })).toBe(hashOf({ ...single, id: 'b', args: [other] }))
  })

  it('gives another intent another hash', () => {
    const text = (value: string) => ({ type: 'String', value })
    const requests: readonly SubmitRequest[] = [
      single,
      { ...single, limit: 101 },
      { ...single, cadence: `${cadence} ` },
      { ...single, args: [text('a'), text('b')] },
      { ...single, args: [text('b'), text('a')] },
      { ...single, args: [text('a,b')] },
      { id: 'order-1', batch: 'mints' },
    ]
    expect(new Set(requests.map(hashOf)).size).toBe(requests.length)
  })

  it.each([
    ['an empty id', { ...single, id: '' }, 'id'],
    ['an id with a space', { ...single, id: 'a b' }, 'id'],
    ['an id beyond ASCII', { ...single, id: 'ä' }, 'id'],
    ['an id of 129 characters', { ...single, id: 'x'.repeat(129) }, 'id'],
    ['an id that is a number', { ...single, id: 7 }, 'id'],
    ['no source', { ...single, cadence: ' \n' }, 'cadence'],
    ['a limit of 0', { ...single, limit: 0 }, 'limit'],
    ['a limit of 10,000', { ...single, limit: 10_000 }, 'limit'],
    ['a limit that is not whole', { ...single, limit: 1.5 }, 'limit'],
    ['arguments that are no list', { ...single, args: {} }, 'args'],
    ['an argument that is null', { ...single, args: [null] }, 'args'],
    ['an argument without a type', { ...single, args: [{ value: '1' }] }, 'args'],
    ['1,400,001 bytes', { ...single, args: [long(1_400_001)] }, 'args'],
    ['a template that is not there', { id: 'a', batch: 'gifts' }, 'batch'],
    ['a part of a batch with a limit', { id: 'a', batch: 'mints', limit: 1 }, 'batch'],
    ['a group without a batch', { ...single, group: 'a' }, 'group'],
    ['a group with a space', { id: 'a', batch: 'mints', group: 'a b' }, 'group'],
    ['a group that is a number', { id: 'a', batch: 'mints', group: 1 }, 'group'],
    ['an unknown name', { ...single, retries: 3 }, 'retries'],
  ])('refuses %s', (_, request, option) => {
    const refused = expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })
    expect(() => parseIntent(JSON.parse(JSON.stringify(request)), names)).toThrow(refused)
  })
})

function long(bytes: number) {
  return { type: 'String', value: 'x'.repeat(bytes) }
}
