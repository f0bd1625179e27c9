import { readFileSync } from 'node:fs'
import { sample } from 'fast-check'
import { anyCall, operationsOf } from '../../support/admin-server/api-fuzz.ts'
it('generates', () => {
  const t = Date.now()
  const calls = sample(anyCall(operationsOf(JSON.parse(readFileSync('/tmp/openapi.json','utf8'))), new Map()), { seed: 1, numRuns: 3000 })
  console.log(calls.length, Date.now() - t, JSON.stringify(calls.slice(0,20).map(c=>[c.method,c.target,c.violation,c.headers,c.body]),null,0).slice(0,4000))
})
