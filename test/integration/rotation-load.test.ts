import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'
import { rotateUnderLoad } from '../support/rotation-load-run.ts'
import { type RotationWorld, startRotationWorld } from '../support/rotation-world.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED rotation-load: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )

const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('a key that is rotated while two processes mint', () => {
  let world: RotationWorld
  let postgres: Postgres
  beforeAll(async () => {
    world = await startRotationWorld({ blockTimeMs: 250, pkcs11: false })
    postgres = await startPostgres(bin ?? '')
  })
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await postgres?.stop()
  })

  it('loses, doubles and fails no mint, killed between drain and resume', async () => {
    const run = await rotateUnderLoad(world, {
      combination: {
        weights: [500, 500],
        path: 'KMS to KMS',
        old: { signatureAlgorithm: 'ECDSA_P256', hashAlgorithm: 'SHA3_256' },
        next: { signatureAlgorithm: 'ECDSA_secp256k1', hashAlgorithm: 'SHA2_256' },
      },
      databaseUrl: postgres.url,
      processes: 2,
      lanes: { relay: 2, fcl: 2 },
      copies: 6,
      mints: 20,
      traps: [
        { step: 'drain', moment: 'last' },
        { step: 'swap', moment: 'last' },
      ],
    })
    expect(run.faults).toEqual([])
    expect(run).toMatchObject({ lost: [], doubled: [], strangers: [], rejected: [], failed: [] })
    expect(run.kills).toHaveLength(2)
    expect(run.mints).toBeGreaterThanOrEqual(40)
  })
})
