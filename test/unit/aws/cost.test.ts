import { readFileSync } from 'node:fs'
import { awsCost, awsPrices } from '../../../src/aws/index.ts'
import { run } from '../../../src/cli/run.ts'

const command = (...args: readonly string[]) =>
  run(['aws', 'cost', ...args], {
    env: {},
    signal: new AbortController().signal,
    note: () => undefined,
    stdin: (async function* () {})(),
  })

describe('awsCost', () => {
  it.each([
    ['a million transactions of one key', { mints: 1_000_000 }, 16],
    ['the same by two keys', { mints: 1_000_000, keys: 2 }, 32],
    ['the same in batches of 40', { mints: 1_000_000, keys: 2, batch: 40 }, 2.75],
    ['keys with replicas', { keys: 3, replicas: 2 }, 9],
    ['a million new wallets', { keys: 0, wallets: 1_000_000, newWallets: 1_000_000 }, 7],
    ['a million signatures of wallets', { keys: 0, wallets: 5, walletSignatures: 1_000_000 }, 4],
    ['nothing', { keys: 0 }, 0],
  ])('of %s', (_, usage, totalUsd) => {
    expect(awsCost(usage).totalUsd).toBe(totalUsd)
  })

  it('tells what wallets would cost as KMS keys, and its prices with their date', () => {
    const cost = awsCost({ wallets: 1_000_000, prices: { keyMonth: 2, asOf: '2027-01-01' } })
    expect(cost).toMatchObject({
      walletsAsKmsKeysUsd: 2_000_000,
      prices: { ...awsPrices, keyMonth: 2, asOf: '2027-01-01' },
    })
  })

  it('gives the figures of the page on choosing a vault', () => {
    const page = readFileSync(new URL('../../../docs/choosing-a-vault.md', import.meta.url), 'utf8')
    const million = { keys: 0, wallets: 1_000_000 }
    const used = awsCost({ ...million, walletSignatures: 1_000_000 })
    const making = awsCost({ ...million, newWallets: 1_000_000 }).totalUsd - awsPrices.keyMonth
    const rows = page.split('\n').map((row) => row.split(/ *\| */).slice(1))
    expect(rows.find(([what]) => what?.startsWith('a million keys, a month'))).toEqual(
      expect.arrayContaining([
        `$${used.walletsAsKmsKeysUsd.toLocaleString('en-US')}`,
        `$${String(used.totalUsd)}`,
      ]),
    )
    expect(rows.find(([what]) => what?.startsWith('a million keys, to make'))?.join()).toContain(
      `$${String(making)}, `,
    )
    expect(rows.find(([what]) => what === 'a million signatures')?.join()).toMatch(/\$15.*\$3;/)
  })

  it.each<[string, object]>([
    ['mints', { mints: -1 }],
    ['mints', { mints: 0.5 }],
    ['batch', { batch: 0 }],
    ['keys', { keys: Number.NaN }],
    ['wallets', { wallets: '7' }],
    ['newWallets', { wallets: 1, newWallets: 2 }],
    ['prices.keyMonth', { prices: { keyMonth: -1 } }],
    ['prices.asOf', { prices: { asOf: 'today' } }],
    ['euro', { prices: { euro: 1 } }],
    ['mint', { mint: 1 }],
  ])('refuses a wrong %s', (option, usage) => {
    expect(() => awsCost(usage)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })
})

describe('fcl-kms aws cost', () => {
  it('prints each line, the sum and the assumptions', async () => {
    expect(await command('--mints', '100000', '--keys', '2')).toMatchObject({
      exitCode: 0,
      stdout: [
        'KMS keys of the account  2       $1 each         $2.00',
        'Sign for mints           200000  $0.000015 each  $3.00',
        'total of a month                                 $5.00',
        'Prices of us-east-1 as of 2026-11-28, without free calls: $1 for a key, $0.15 for 10,000 Sign, $0.03 for 10,000 Decrypt.',
        '',
      ].join('\n'),
    })
  })

  it('prints the same as JSON', async () => {
    const { stdout } = await command('--wallets', '10', '--new-wallets', '10', '--json')
    expect(JSON.parse(stdout)).toEqual(
      JSON.parse(JSON.stringify(awsCost({ wallets: 10, newWallets: 10 }))),
    )
  })

  it.each([
    ['--mints', 'many'],
    ['--mints', '-1'],
    ['--batch', '0'],
    ['--eur', '1'],
  ])('refuses %s %s', async (...args) => {
    expect(await command(...args)).toMatchObject({ exitCode: 2 })
  })
})
