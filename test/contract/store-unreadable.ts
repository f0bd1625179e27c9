/** The sentences about rows that somebody else, or a disk, has spoilt. @module */
import { createSqlStore, type RelayStore } from '../../src/stores/index.ts'
import { createJobFunctions } from '../../src/stores/sql/job-functions.ts'
import {
  add,
  address,
  claim,
  enroll,
  eventually,
  intentOf,
  jobOf,
  lease,
  minuteMs,
  openingOf,
} from './store-fixtures.ts'
import type { VersionSubject } from './store-versions.ts'

export function describeUnreadable(open: () => VersionSubject): void {
  let store: RelayStore
  const exec = (text: string) => open().exec(text)
  beforeEach(async () => {
    store = await createSqlStore(open().database)
  })
  afterEach(() => exec('DROP SCHEMA fcl_kms CASCADE'))

  /** What PostgreSQL says of a long value whose pages it cannot read. */
  const spoil = (condition: string) => `IF ${condition} THEN
    RAISE EXCEPTION 'missing chunk number 0 for toast value' USING ERRCODE = 'data_corrupted';
  END IF;`
  const spoilt = (name: 'job' | 'attempt', type: string, condition: string) => `
    ALTER FUNCTION fcl_kms.${name}_json RENAME TO sound_${name}_json;
    CREATE FUNCTION fcl_kms.${name}_json(r fcl_kms.${type}) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
      ${spoil(condition)}
      RETURN fcl_kms.sound_${name}_json(r);
    END $$;`

  describe.each([
    ['arguments that are no list', `UPDATE fcl_kms.jobs SET arguments = '{}' WHERE id = 'bad'`],
    ['arguments that are no texts', `UPDATE fcl_kms.jobs SET arguments = '[1]' WHERE id = 'bad'`],
    [
      'a limit that no number holds',
      `UPDATE fcl_kms.jobs SET compute_limit = 9007199254740993 WHERE id = 'bad'`,
    ],
    ['pages that are spoilt', spoilt('job', 'jobs', `r.id = 'bad' AND r.arguments::text <> '[]'`)],
  ])('a job with %s', (_, fault) => {
    beforeEach(async () => {
      await add(store, ['first', 'bad', 'last'])
      await exec(fault)
    })

    it('is told without its intent, beside its neighbours', async () => {
      const rows = await store.listJobs(address, { limit: 9 })
      expect(rows.map(({ id }) => id)).toEqual(['first', 'bad', 'last'])
      expect(rows[1]).toMatchObject({
        ...{ cadence: '', arguments: [], state: 'queued', errorCode: 'JOB_UNREADABLE' },
      })
      expect(rows[2]).toMatchObject({ arguments: intentOf('last').arguments, errorCode: null })
      const given = await store.getJobs(address, ['last', 'bad'])
      expect(given.map(({ errorCode }) => errorCode)).toEqual([null, 'JOB_UNREADABLE'])
      const [again] = await store.addJobs(address, [intentOf('bad')], 9)
      expect(again).toMatchObject({ created: false, job: { errorCode: 'JOB_UNREADABLE' } })
    })

    it('is set aside by the claim that meets it, for an operator', async () => {
      expect((await claim(store, 9)).map(({ id }) => id)).toEqual(['first', 'last'])
      expect(await jobOf(store, 'bad')).toMatchObject({
        state: 'quarantined',
        errorCode: 'JOB_UNREADABLE',
      })
      expect(await claim(store, 9)).toEqual([])
      expect(await store.resolveJob(address, 'bad', { state: 'failed' })).toBe(true)
      expect(await jobOf(store, 'bad')).toMatchObject({ state: 'failed' })
    })
  })

  it('gives a transaction that cannot be read without its bytes, beside its neighbours', async () => {
    await enroll(store, 3)
    const openings = (await lease(store, 3)).map((held) => openingOf(held, [], { leaseMs: 0 }))
    expect(await store.openAttempts(openings)).toEqual([true, true, true])
    const bad = openings[1]?.transactionId
    const condition = `r.transaction_id = '${bad}' AND length(r.transaction) > 0`
    await exec(spoilt('attempt', 'attempts', condition))
    const adopted = await eventually(() =>
      store.adoptAttempts({ address, holder: 'two', leaseMs: minuteMs }),
    )
    expect(adopted.map(({ transaction }) => transaction.length)).toEqual([4, 0, 4])
    expect(adopted[1]).toMatchObject({ transactionId: bad, fence: 2 })
  })

  it('refuses what the database does not take, as what it is, and keeps nothing of it', async () => {
    const strict = createJobFunctions('"fcl_kms"').replace(
      'BEGIN',
      `BEGIN PERFORM CASE WHEN given->0->>'id' = 'bad' THEN (given->0->>'id')::integer END;`,
    )
    await exec(strict)
    const refused = store.addJobs(address, [intentOf('bad')], 9)
    await expect(refused).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      disposition: 'fail',
      context: { operation: 'addJobs', sqlState: '22P02' },
    })
    expect(await store.countJobs(address)).toMatchObject({ queued: 0 })
    expect((await add(store, ['good']))[0]?.created).toBe(true)
  })
}
