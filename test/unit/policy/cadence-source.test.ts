import { countParameters, findReferences } from '../../../src/policy/cadence-source.ts'

const named = (source: string) =>
  findReferences(source).map(({ kind, name, from, to }) => [kind, name, source.slice(from, to)])

describe('findReferences', () => {
  it.each([
    ['import "FlowToken"', 'contract', 'FlowToken', 'import "FlowToken"'],
    [
      'import\n  // the token\n  "FlowToken"',
      'contract',
      'FlowToken',
      'import\n  // the token\n  "FlowToken"',
    ],
    ['import FlowToken from 0xFlowToken', 'placeholder', '0xFlowToken', '0xFlowToken'],
    ['import A, B as C from 0xA_X', 'placeholder', '0xA_X', '0xA_X'],
    ['transaction { execute { getAccount(0xMINTER) } }', 'placeholder', '0xMINTER', '0xMINTER'],
    ['import FlowToken', 'other', 'FlowToken', 'FlowToken'],
    ['import FlowToken transaction {}', 'other', 'FlowToken', 'FlowToken'],
    ['import "./FlowToken.cdc"', 'other', './FlowToken.cdc', 'import "./FlowToken.cdc"'],
    ['import A from "./A.cdc"', 'other', './A.cdc', '"./A.cdc"'],
    ['import A from Elsewhere', 'other', 'Elsewhere', 'Elsewhere'],
    ['let s = "a\\(f("b"))c" import "A"', 'contract', 'A', 'import "A"'],
    ['let s = "\\"" import "A"', 'contract', 'A', 'import "A"'],
    ['/* a /* b */ " */ import "A"', 'contract', 'A', 'import "A"'],
    ['let s = "unfinished\nimport "A"', 'contract', 'A', 'import "A"'],
  ])('finds what has no address in %j', (source, kind, name, text) => {
    expect(named(source)).toEqual([[kind, name, text]])
  })

  it('finds all, in their order', () => {
    const source = 'import "A"\nimport B from 0xBox\nimport "C"\ntransaction {}'
    expect(named(source).map(([, name]) => name)).toEqual(['A', '0xBox', 'C'])
  })

  it.each([
    'import A from 0x0ae53cb6e3f42a79',
    'import A, B from 0x01\nimport C as D from 0x2',
    'import Crypto\ntransaction {}',
    '// import "A" from 0xNobody\ntransaction {}',
    '/* import "A" /* 0xX */ import B */ transaction {}',
    'transaction { execute { log("import \\"A\\" 0xNobody") } }',
    'transaction { execute { log("\\(a) 0xNobody") } }',
    'transaction { let reimport: Int; execute { let imports = 0xFF_ff; let x0xZ = 1 } }',
    '',
  ])('finds nothing in %j', (source) => {
    expect(named(source)).toEqual([])
  })

  it('reads a source of the greatest length in a time that grows with it', () => {
    for (const piece of ['import ', '"', '\\(', '"\\(', '/*', '0x', 'import "', '(', 'a,'])
      expect(findReferences(piece.repeat(Math.ceil(1_000_000 / piece.length)))).toBeDefined()
  })
})

describe('countParameters', () => {
  it.each([
    ['transaction {}', 0],
    ['transaction() {}', 0],
    ['transaction( /* a: Int, */ ) {}', 0],
    ['transaction(a: Int) {}', 1],
    ['import A from 0x1\n\ntransaction (\n  a: Int, // one, two\n  b: {String: [UInt8]},\n) {}', 2],
    ['transaction(a: Capability<&{A, B}>, b: [Int; 3], c: InclusiveRange<UInt8>) {}', 3],
    ['access(all) fun main() {}', undefined],
    ['transaction(a: Int', undefined],
  ])('of %j are %s', (source, count) => {
    expect(countParameters(source)).toBe(count)
  })
})
