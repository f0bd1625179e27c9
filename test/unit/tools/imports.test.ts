type Import = { specifier: string; dynamic: boolean }
const path = new URL('../../../tools/lib/imports.mjs', import.meta.url).href
const { importsOf } = (await import(path)) as { importsOf(source: string): Import[] } // as in its JSDoc

describe('importsOf', () => {
  it.each([
    ["import { a } from './a.ts'", './a.ts'],
    ["import type { A } from './a.ts'", './a.ts'],
    ['import {\n  a,\n  type B,\n} from "./a.ts"', './a.ts'],
    ["import './a.ts'", './a.ts'],
    ["import * as a from 'a'", 'a'],
    ["import a from 'a'", 'a'],
    ["export * from './a.ts'", './a.ts'],
    ["export { a } from './a.ts'", './a.ts'],
  ])('finds %j', (source, specifier) => {
    expect(importsOf(`const before = 1\n${source}\n`)).toEqual([{ specifier, dynamic: false }])
  })

  it('tells an import that is made later', () => {
    const source = "const load = () => import('@aws-sdk/client-kms')"
    expect(importsOf(source)).toEqual([{ specifier: '@aws-sdk/client-kms', dynamic: true }])
  })

  it.each([
    "/** import { a } from './a.ts' */",
    "// import { a } from './a.ts'",
    'const cadence = `\nimport FlowToken from 0x0ae53cb6e3f42a79\n`',
    "export const from = 'a'",
    "const important = 'a'",
  ])('leaves out %j', (source) => {
    expect(importsOf(source)).toEqual([])
  })
})
