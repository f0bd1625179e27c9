import { writeFileSync } from 'node:fs'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { type AdminChain, startAdminChain, twoKeys } from '../../support/admin-server/world.ts'
import { startApiServer } from '../../support/admin-server/api-server.ts'
let world: AdminChain
beforeAll(async () => {
  world = await startAdminChain()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})
it('dumps', async () => {
  const treasury = await world.createTreasury(twoKeys)
  await using server = await startApiServer(treasury.config)
  const doc = await (await fetch(`${server.url}/openapi.json`)).text()
  writeFileSync('/tmp/openapi.json', JSON.stringify(JSON.parse(doc), null, 1))
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: doc, config })
  console.log(problems.map(p => `${p.severity} ${p.ruleId} ${p.message} ${p.location[0]?.pointer}`).join('\n'))
})
