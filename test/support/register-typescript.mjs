/** For `--import`: this process, and all that it starts with the same options, read TypeScript. @module */
import { register } from 'node:module'

register('./load-typescript.mjs', import.meta.url)
