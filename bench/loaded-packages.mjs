/**
 * Imports the package named by the argument and prints, as JSON, the names of all packages of which
 * a file was loaded: ES modules as the loader's hook saw them, CommonJS from its cache. @module
 */
import { register } from 'node:module'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { importFromRoot, rootRequire } from './own-package.mjs'

const { port1: seen, port2: port } = new MessageChannel()
const hook = `let port
export const initialize = (data) => { port = data }
export const load = (url, context, next) => { port.postMessage(url); return next(url, context) }`
register(`data:text/javascript,${encodeURIComponent(hook)}`, { data: port, transferList: [port] })

await importFromRoot(process.argv[2])
const files = Object.keys(rootRequire.cache)
for (let next = receiveMessageOnPort(seen); next; next = receiveMessageOnPort(seen))
  files.push(next.message)

/** The package that a file below node_modules belongs to; none for our own files. */
const packageOf = (file) =>
  /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1].replace('\\', '/')
const packages = [...new Set(files.map(packageOf).filter((name) => name !== undefined))].sort()
process.stdout.write(JSON.stringify({ files: files.length, packages }), () => process.exit())
