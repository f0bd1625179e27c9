import { PGlite } from '@electric-sql/pglite'
import { createSqlStore } from '../../src/stores/index.ts'
it('x', async () => {
  const database = await PGlite.create()
  const lap = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e3 }
  for (let r = 0; r < 4; r++) {
    let a = 0, b = 0, c = 0
    for (let i = 0; i < 10; i++) {
      let t = lap(); const s = await createSqlStore(database, { schema: `s_${r}_${i}` }); a += lap() - t
      t = lap(); await s.countJobs('0x0000000000000001'); c += lap() - t
      t = lap(); await database.exec(`DROP SCHEMA s_${r}_${i} CASCADE`); b += lap() - t
    }
    console.log(`create ${a / 10} drop ${b / 10} count ${c / 10}`)
  }
})
