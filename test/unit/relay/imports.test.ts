import { createImports } from '../../../src/relay/imports.ts'
import { loadFcl } from '../../support/fcl.ts'

const chainId = 'flow-emulator'
const token = '0x0ae53cb6e3f42a79'
const resolve = async (cadence: string, options: Parameters<typeof createImports>[0]) =>
  createImports(options).resolve(cadence)
const unresolved = (name: string) =>
  expect.objectContaining({
    code: 'CADENCE_IMPORT_UNRESOLVED',
    context: expect.objectContaining({ import: name }),
  })

const flowJson = {
  contracts: {
    FlowToken: {
      source: './FlowToken.cdc',
      aliases: { emulator: token.slice(2), testnet: '7e60df042a9c0868' },
    },
    Drop: './Drop.cdc',
    FUSD1: { canonical: 'FUSD', aliases: { emulator: '0x01' } },
  },
  dependencies: { FungibleToken: { aliases: { emulator: 'ee82856bf20e2aa6' } } },
  accounts: { minter: { address: '0xf8d6e0586b0a20c7', key: 'x' } },
  deployments: { emulator: { minter: ['Drop', { name: 'Gift', args: [] }] } },
}

describe('imports', () => {
  it.each([
    ['import "FlowToken"', `import FlowToken from ${token}`],
    ['import FlowToken from 0xFlowToken', `import FlowToken from ${token}`],
    [
      'import "Drop"\nimport "Gift"',
      'import Drop from 0xf8d6e0586b0a20c7\nimport Gift from 0xf8d6e0586b0a20c7',
    ],
    ['import "FUSD1"', 'import FUSD as FUSD1 from 0x01'],
    [
      'import "FungibleToken" // "FlowToken"',
      'import FungibleToken from 0xee82856bf20e2aa6 // "FlowToken"',
    ],
    ['import A from 0x01', 'import A from 0x01'],
  ])('of %j get the addresses of flow.json', async (source, text) => {
    expect(await resolve(source, { chainId, flowJson })).toBe(text)
  })

  it('take the aliases of the network that the nodes serve', async () => {
    const source = 'import "FlowToken"'
    const options = { chainId: 'flow-testnet', flowJson }
    expect(await resolve(source, options)).toBe('import FlowToken from 0x7e60df042a9c0868')
    await expect(resolve(source, { chainId: 'flow-mainnet', flowJson })).rejects.toEqual(
      unresolved('"FlowToken"'),
    )
  })

  it('take the later of two files, and an address that is given before both', async () => {
    const later = { contracts: { FlowToken: { aliases: { emulator: '0x02' } } } }
    const options = { chainId, flowJson: [flowJson, later] }
    expect(await resolve('import "FlowToken"', options)).toBe('import FlowToken from 0x02')
    const imports = { FlowToken: '0x3', '0xOther': '04' }
    expect(await resolve('import "FlowToken"', { ...options, imports })).toBe(
      'import FlowToken from 0x3',
    )
    expect(await resolve('import A from 0xOther', { ...options, imports })).toBe(
      'import A from 0x04',
    )
  })

  it.each([
    ['import "Nothing"', '"Nothing"'],
    ['import Nothing from 0xNothing', '0xNothing'],
    ['import "toString"', '"toString"'],
    ['import "./Drop.cdc"', './Drop.cdc'],
    ['import FlowToken', 'FlowToken'],
  ])('of %j are refused by name', async (source, name) => {
    await expect(resolve(source, { chainId, flowJson })).rejects.toEqual(unresolved(name))
  })

  it.each([
    ['a number', { FlowToken: 1 }, 'imports.FlowToken'],
    ['an account of flow.json', { FlowToken: 'emulator-account' }, 'imports.FlowToken'],
    ['17 digits', { FlowToken: `${token}0` }, 'imports.FlowToken'],
    ['a list', [], 'imports'],
    ['null', null, 'imports'],
  ])('that are %s are refused', async (_, imports, option) => {
    const refused = { code: 'INVALID_OPTION', context: { option } }
    expect(() => createImports({ chainId, imports: JSON.parse(JSON.stringify(imports)) })).toThrow(
      expect.objectContaining({ ...refused, context: expect.objectContaining({ option }) }),
    )
  })

  it.each([
    ['a path', './flow.json'],
    ['a list of paths', ['flow.json']],
    ['null', null],
  ])('refuse %s for the contents of flow.json', (_, wrong) => {
    const given = JSON.parse(JSON.stringify(wrong))
    expect(() => createImports({ chainId, flowJson: given })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  it('refuse what flow.json has in the place of an address', async () => {
    const wrong = {
      contracts: { A: { aliases: { emulator: { address: '0x1' } } } },
      deployments: 7,
    }
    await expect(resolve('import "A"', { chainId, flowJson: wrong })).rejects.toEqual(
      unresolved('"A"'),
    )
  })

  it('get what fcl.config holds, as FCL itself gives it', async () => {
    const fcl = await loadFcl()
    fcl.config({
      'system.contracts.FromFcl': '0x0a',
      'system.contracts.Other': '0x0b',
      'system.contracts.Other.canonical': 'Real',
      '0xFromFcl': '0x0c',
    })
    const cases = [
      ['import "FromFcl"', 'import FromFcl from 0x0a'],
      ['import "Other"', 'import Real as Other from 0x0b'],
      ['import FromFcl from 0xFromFcl', 'import FromFcl from 0x0c'],
    ] as const
    for (const [source, text] of cases) expect(await resolve(source, { chainId })).toBe(text)
    const imports = { FromFcl: '0x0d' }
    expect(await resolve('import "FromFcl"', { chainId, imports })).toBe('import FromFcl from 0x0d')
  })
})
