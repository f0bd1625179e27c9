import { execFileSync } from 'node:child_process'
import { startAdminChain, startTestServer, twoKeys } from '../support/admin-server/world.ts'
import { startBrowser, visit } from './support/browser.ts'
it('x', async () => {
  execFileSync(process.execPath, ['tools/build-dashboard.mjs'])
  const world = await startAdminChain()
  const treasury = await world.createTreasury(twoKeys)
  const server = await startTestServer(treasury.config)
  const r = await fetch(server.url + '/'); const html = await r.text()
  console.log(r.status, html.slice(0, 1200), JSON.stringify([...r.headers]))
  const js = /\/assets\/app\.[^"]*js/.exec(html)?.[0] ?? ''
  const a = await fetch(server.url + js); console.log(js, a.status, JSON.stringify([...a.headers]), (await a.text()).slice(0, 100))
  const b = await startBrowser()
  const v = await visit(b, server.url)
  v.page.on('console', (m) => console.log(m.text()))
  await v.page.waitForTimeout(2000)
  console.log(v.faults, await v.page.content())
  const me = await fetch(server.url + '/v1/me'); console.log(me.status, await me.text())
  await b.close(); await server[Symbol.asyncDispose](); await world[Symbol.asyncDispose]()
}, 60000)
