import { generateKeyPairSync } from 'node:crypto'
import * as types from '@onflow/types'
import { SignerError } from '../../../src/errors.ts'
import {
  isSameIntent,
  parseIntent as parse,
  type SubmitRequest,
} from '../../../src/relay/intent.ts'

const cadence = 'transaction {}'
const taking = (count: number) =>
  `transaction(${Array.from({ length: count }, (_, index) => `a${index}: Int`).join(', ')}) {}`
const single: SubmitRequest = { id: 'order-1', cadence, limit: 100 }

const templates = new Map([
  ['mints', 'transaction {}'],
  ['gifts', 'transaction(ids: [String], texts: [String]) {}'],
])
const rules = {
  names: () => ['mints', 'gifts'],
  sourceOf: (name: string) => templates.get(name) ?? '',
  resolve: (source: string) => {
    if (source.includes('import "Later"'))
      return Promise.resolve(source.replace('"Later"', 'Later from 0x1'))
    if (!source.includes('import "')) return source
    throw new SignerError('CADENCE_IMPORT_UNRESOLVED', { import: 'X', reason: 'it has no address' })
  },
}
const parseIntent = (request: unknown) => parse(request as SubmitRequest, rules) // what is no request is refused, which is tested
const hashOf = async (request: unknown) => (await parseIntent(request)).intentHash

describe('parseIntent', () => {
  it('keeps what is asked for, and the arguments as texts', async () => {
    const args = [{ type: 'UInt64', value: '1' }]
    expect(await parseIntent({ ...single, cadence: taking(1), args })).toEqual({
      id: 'order-1',
      cadence: taking(1),
      computeLimit: 100,
      batch: null,
      batchGroup: null,
      arguments: ['{"type":"UInt64","value":"1"}'],
      intentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('takes a part of a batch, which has neither source nor limit of its own', async () => {
    const intent = await parseIntent({ id: 'order-1', batch: 'mints' })
    expect(intent).toMatchObject({ batch: 'mints', cadence: '', computeLimit: 0, arguments: [] })
  })

  it('keeps the group of a part of a batch, which is no part of the intent', async () => {
    const request = { id: 'order-1', batch: 'mints' }
    const grouped = await parseIntent({ ...request, group: 'keys-0-1' })
    expect(grouped.batchGroup).toBe('keys-0-1')
    expect(grouped.intentHash).toBe(await hashOf(request))
  })

  it('gives one intent one hash, whatever its id and the order of the keys', async () => {
    const field = { name: 'x', value: { type: 'Bool', value: true } }
    const one = { type: 'Struct', value: { id: 'A', fields: [field] } }
    const turned = { value: { value: true, type: 'Bool' }, name: 'x' }
    const other = { value: { fields: [turned], id: 'A' }, type: 'Struct' }
    const request = { ...single, cadence: taking(1) }
    expect(await hashOf({ ...request, args: [one] })).toBe(
      await hashOf({ ...request, id: 'b', args: [other] }),
    )
  })

  it('gives what was stored before the hash that it has there', async () => {
    const args = [
      { value: '1', type: 'UInt64' },
      { type: 'Optional', value: null },
      { type: 'UFix64', value: '1.50' },
    ]
    expect(await hashOf({ id: 'a', cadence: taking(3), limit: 9, args })).toBe(
      '7ae81e752b43fa57463b0c21fe5ea9e3d2bcbeb3c2df59d79f435ccd5eee03c6',
    )
    expect(await hashOf({ id: 'a', batch: 'mints' })).toBe(
      '7b8c4995ac55e5c3d9302f132372c87fe6b67705649f34a031deef855bda9e6b',
    )
  })

  it('gives another intent another hash', async () => {
    const text = (value: string) => ({ type: 'String', value })
    const two = { ...single, cadence: taking(2) }
    const requests: readonly SubmitRequest[] = [
      single,
      { ...single, limit: 101 },
      { ...single, cadence: `${cadence} ` },
      { ...two, args: [text('a'), text('b')] },
      { ...two, args: [text('b'), text('a')] },
      { ...single, cadence: taking(1), args: [text('a,b')] },
      { id: 'order-1', batch: 'mints' },
    ]
    expect(new Set(await Promise.all(requests.map(hashOf))).size).toBe(requests.length)
  })

  it('hashes and keeps the Cadence with the addresses of its imports', async () => {
    const later = await parseIntent({ ...single, cadence: `import "Later"\n${cadence}` })
    expect(later.cadence).toBe(`import Later from 0x1\n${cadence}`)
    expect(later.intentHash).toBe(await hashOf({ ...single, cadence: later.cadence }))
    await expect(parseIntent({ ...single, cadence: `import "X"\n${cadence}` })).rejects.toEqual(
      expect.objectContaining({ code: 'CADENCE_IMPORT_UNRESOLVED' }),
    )
  })

  it('keeps the order in which jobs came, when nothing has to be waited for', async () => {
    const stored: string[] = []
    const submit = async (id: string) => stored.push((await parseIntent({ ...single, id })).id)
    await Promise.all(['a', 'b', 'c'].map(submit))
    expect(stored).toEqual(['a', 'b', 'c'])
  })
})

describe('arguments as FCL takes them', () => {
  const request = { ...single, cadence: taking(3) }
  const json = [
    { type: 'UFix64', value: '1.0' },
    { type: 'Array', value: [{ type: 'Fix64', value: '-2.50' }] },
    {
      type: 'Dictionary',
      value: [{ key: { type: 'String', value: 'a' }, value: { type: 'UInt64', value: '7' } }],
    },
  ]

  it('have the hash of the same in JSON-Cadence', async () => {
    const args: SubmitRequest['args'] = (arg, t) => [
      arg('1.0', t.UFix64),
      arg(['-2.50'], t.Array(t.Fix64)),
      arg([{ key: 'a', value: '7' }], t.Dictionary({ key: t.String, value: t.UInt64 })),
    ]
    const intent = await parseIntent({ ...request, args })
    expect(intent).toEqual(await parseIntent({ ...request, args: json }))
  })

  it('are what the types of FCL make of all other values', async () => {
    const values = [
      ['0x01', 'Address'],
      [null, 'Void'],
      [true, 'Bool'],
      ['é', 'Character'],
      ['-1', 'Int'],
      [{ domain: 'storage', identifier: 'a' }, 'Path'],
    ] as const
    const source = taking(values.length)
    const intent = await parseIntent({
      ...single,
      cadence: source,
      args: (arg: (...given: unknown[]) => unknown, t: Record<string, unknown>) =>
        values.map(([value, name]) => arg(value, t[name])),
    })
    const { Address, Bool, Character, Int, Path, Void } = types
    const named = { Address, Bool, Character, Int, Path, Void }
    const byTypes = values.map(([value, name]) => {
      const type: { readonly asArgument: (given: never) => unknown } = named[name]
      return type.asArgument(value as never) // each value is one of its type
    })
    const { arguments: texts } = await parseIntent({ ...single, cadence: source, args: byTypes })
    expect(intent.arguments).toEqual(texts)
  })

  it('are one intent with what their own types make, though that is padded with zeros', async () => {
    const padded = [{ value: '1.0', xform: types.UFix64 }, ...json.slice(1)]
    const theirs = await parseIntent({ ...request, args: padded })
    const ours = await parseIntent({ ...request, args: json })
    expect(theirs.arguments[0]).toBe('{"type":"UFix64","value":"1.00000000"}')
    expect(isSameIntent(ours, theirs)).toBe(true)
    const more = [{ type: 'UFix64', value: '1.01' }, ...json.slice(1)]
    expect(isSameIntent(ours, await parseIntent({ ...request, args: more }))).toBe(false)
    expect(isSameIntent(ours, { ...ours, computeLimit: 7, intentHash: '' })).toBe(false)
  })

  it('may come from a function that has to wait', async () => {
    const intent = await parseIntent({ ...request, args: async () => json })
    expect(intent.arguments).toHaveLength(3)
  })

  it.each([
    [
      'that throw',
      () => {
        throw new Error('no order')
      },
    ],
    ['that are no list', () => 'a'],
    [
      'of another type',
      (arg: (...given: unknown[]) => unknown, t: Record<string, unknown>) => [
        arg(1.5, t['UInt64']),
      ],
    ],
    ['without a type', (arg: (...given: unknown[]) => unknown) => [arg(1, undefined)]],
  ])('%s are refused', async (_, args) => {
    const refused = { code: 'INVALID_OPTION', context: expect.objectContaining({ option: 'args' }) }
    await expect(parseIntent({ ...single, cadence: taking(1), args })).rejects.toMatchObject(
      refused,
    )
  })
})

describe('what Cadence could never take', () => {
  const named = [
    'Int',
    'UInt8',
    'UInt64',
    'Word16',
    'UFix64',
    'Fix128',
    'Address',
    'String',
    'Character',
    'Later',
  ] as const
  it.each(named)('a number for %s is refused, wherever it stands', async (type) => {
    const wrong = { type, value: 5 }
    const places = [
      wrong,
      { type: 'Optional', value: wrong },
      { type: 'Array', value: [wrong] },
      { type: 'Dictionary', value: [{ key: { type: 'String', value: 'a' }, value: wrong }] },
      { type: 'Struct', value: { id: 'A', fields: [{ name: 'x', value: wrong }] } },
      { type: 'InclusiveRange', value: { start: wrong, end: wrong, step: wrong } },
    ]
    for (const place of places)
      await expect(
        parseIntent({ ...single, cadence: taking(1), args: [place] }),
      ).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        context: { option: 'args', reason: expect.stringContaining(type) },
      })
  })

  it.each([
    {
      type: 'Type',
      value: { staticType: { kind: 'ConstantSizedArray', type: { kind: 'Int' }, size: 3 } },
    },
    { type: 'Capability', value: { id: '1', address: '0x01', borrowType: { kind: 'Int' } } },
    { type: 'Void' },
    { type: 'Optional', value: null },
    { type: 'Path', value: { domain: 'public', identifier: 'a' } },
    {
      type: 'Enum',
      value: {
        id: 'A.0x1.B',
        fields: [{ name: 'rawValue', value: { type: 'UInt8', value: '0' } }],
      },
    },
  ])('but not $type', async (argument) => {
    expect(
      (await parseIntent({ ...single, cadence: taking(1), args: [argument] })).arguments,
    ).toHaveLength(1)
  })

  it.each([
    [
      'a single transaction',
      { ...single, cadence: taking(2), args: [{ type: 'Int', value: '1' }] },
    ],
    ['a single transaction without any', { ...single, args: [{ type: 'Int', value: '1' }] }],
    ['a batch', { id: 'a', batch: 'gifts', args: [{ type: 'String', value: 'a' }] }],
  ])('another number of arguments than that of %s is refused', async (_, request) => {
    await expect(parseIntent(request)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'args', reason: expect.stringMatching(/^there (are|is)/) },
    })
  })
})

describe('what is no request', () => {
  const thrower = new Proxy(
    {},
    {
      get: () => {
        throw new TypeError('a trap')
      },
    },
  )
  const circle: Record<string, unknown> = { type: 'Array' }
  circle['value'] = [circle]
  let deep: unknown = { type: 'Optional', value: null }
  for (let depth = 0; depth < 3_000; depth++) deep = { type: 'Optional', value: deep }
  const withArgs = (...args: readonly unknown[]) => ({
    ...single,
    cadence: taking(args.length),
    args,
  })
  it.each([
    ['null', null],
    ['nothing', undefined],
    ['a number', 7],
    ['a text', 'order-1'],
    ['a list', []],
    ['a function', () => single],
    ['a symbol', Symbol('a')],
    ['an empty object', {}],
    ['a proxy that throws', thrower],
    [
      'a getter that throws',
      Object.defineProperty({ ...single }, 'cadence', {
        enumerable: true,
        get() {
          throw new Error()
        },
      }),
    ],
    ['an id without a value', { ...single, id: undefined }],
    ['a batch that is a list', { id: 'a', batch: ['mints'] }],
    ['a batch that is a symbol', { id: 'a', batch: Symbol('a') }],
    ['Cadence that is an object', { ...single, cadence: {} }],
    ['a limit that is a text', { ...single, limit: '100' }],
    ['no limit', { ...single, limit: undefined }],
    ['arguments that are null', { ...single, args: null }],
    ['an argument that is nothing', withArgs(undefined)],
    ['an argument that is a plain value', withArgs(5)],
    ['an argument with a bigint', withArgs({ type: 'UInt64', value: 5n })],
    ['an argument with nothing in a list', withArgs({ type: 'Array', value: [undefined] })],
    ['an argument with NaN', withArgs({ type: 'Int', value: Number.NaN })],
    ['an argument that holds itself', withArgs(circle)],
    ['an argument nested 3,000 times', withArgs(deep)],
    ['an argument whose value is a function', withArgs({ type: 'String', value: () => 'a' })],
    ['an argument that is a proxy', withArgs(thrower)],
    ['an argument that is a key', withArgs(generateKeyPairSync('ed25519').publicKey)],
  ])('%s is refused', async (_, request) => {
    await expect(parseIntent(request)).rejects.toMatchObject({
      name: 'SignerError',
      code: 'INVALID_OPTION',
    })
  })
})

describe('parseIntent refuses', () => {
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
    ['1,400,001 bytes', { ...single, cadence: taking(1), args: [long(1_400_001)] }, 'args'],
    ['a template that is not there', { id: 'a', batch: 'presents' }, 'batch'],
    ['a part of a batch with a limit', { id: 'a', batch: 'mints', limit: 1 }, 'batch'],
    ['a group without a batch', { ...single, group: 'a' }, 'group'],
    ['a group with a space', { id: 'a', batch: 'mints', group: 'a b' }, 'group'],
    ['a group that is a number', { id: 'a', batch: 'mints', group: 1 }, 'group'],
    ['an unknown name', { ...single, retries: 3 }, 'retries'],
  ])('%s', async (_, request, option) => {
    const refused = expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })
    await expect(parseIntent(JSON.parse(JSON.stringify(request)))).rejects.toEqual(refused)
  })
})

function long(bytes: number) {
  return { type: 'String', value: 'x'.repeat(bytes) }
}
