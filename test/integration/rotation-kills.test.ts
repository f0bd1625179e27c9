import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'
import { killableSteps } from '../support/rotation-kills.ts'
import type { RotationTrap } from '../support/rotation-process.ts'
import { runRound } from '../support/rotation-round.ts'
import {
  type Combination,
  type RotationWorld,
  startRotationWorld,
} from '../support/rotation-world.ts'

const combination: Combination = {
  weights: [500, 500],
  path: 'KMS to KMS',
  old: { signatureAlgorithm: 'ECDSA_secp256k1', hashAlgorithm: 'SHA3_256' },
  next: { signatureAlgorithm: 'ECDSA_P256', hashAlgorithm: 'SHA2_256' },
}
const bin = findPostgres()

describe('a rotation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-rotations-'))
  let world: RotationWorld
  let postgres: Postgres | undefined
  beforeAll(async () => {
    postgres = bin === undefined ? undefined : await startPostgres(bin)
    world = await startRotationWorld({ blockTimeMs: 0, pkcs11: false })
  })
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await postgres?.stop()
    rmSync(folder, { recursive: true })
  })

  /** Records beside the proposal keys, where there is PostgreSQL. */
  const storeOf = (name: string) =>
    postgres ? { databaseUrl: postgres.url } : { folder: join(folder, name) }

  it.each<[string, RotationTrap['moment']]>([
    ['as it begins', 0],
    ['when it is done and not stored', 'last'],
  ])('goes on to its end when a process is killed in each step, %s', async (name, moment) => {
    const { kills, faults } = await runRound(world, {
      combination,
      store: moment === 0 ? { folder: join(folder, name) } : storeOf(name),
      traps: killableSteps.map((step) => ({ step, moment })),
      ending: { errand: 'resume' },
    })
    expect(faults).toEqual([])
    expect(kills.map(({ step }) => step)).toEqual(killableSteps)
  })

  it('goes on to its end when a process is killed in each step that an emergency alone has', async () => {
    const { kills, faults } = await runRound(world, {
      combination: { ...combination, weights: [500, 500, 500] },
      store: storeOf('cut'),
      traps: (['hold', 'cut', 'restore'] as const).flatMap((step): RotationTrap[] => [
        { step, moment: 0 },
        { step, moment: 'last' },
      ]),
      ending: { errand: 'resume' },
      cut: true,
    })
    expect(faults).toEqual([])
    expect(kills).toHaveLength(6)
  })

  it('goes back when it was killed before its swap', async () => {
    const { kills, faults } = await runRound(world, {
      combination,
      store: storeOf('back'),
      traps: [
        { step: 'prove', moment: 'last' },
        { step: 'drain', moment: 'last' },
      ],
      ending: { errand: 'abort', traps: [{ step: 'swap', moment: 3 }] },
    })
    expect(faults).toEqual([])
    expect(kills.length).toBeGreaterThanOrEqual(2)
  })
})
