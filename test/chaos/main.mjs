/**
 * `npm run chaos`: kills relays at random moments for as long as wanted; with `--admin` the admin server
 * instead, with `--rotation` key rotations. See chaos.ts, admin.ts and rotation.ts. @module
 */
import { register } from 'node:module'

register('../support/load-typescript.mjs', import.meta.url)
const args = process.argv.slice(2)
async function run() {
  if (args.includes('--admin')) return (await import('./admin.ts')).runAdminChaos(args)
  if (args.includes('--rotation')) return (await import('./rotation.ts')).runRotationChaos(args)
  return (await import('./chaos.ts')).runChaos(args)
}
process.exit(await run())
