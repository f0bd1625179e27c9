/** `npm run chaos`: kills relays at random moments for as long as wanted. See chaos.ts. @module */
import { register } from 'node:module'

register('../support/load-typescript.mjs', import.meta.url)
const { runChaos } = await import('./chaos.ts')
process.exit(await runChaos(process.argv.slice(2)))
