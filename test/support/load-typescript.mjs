/**
 * Lets plain programs import the TypeScript of tests, on a Node.js that does not read it by itself:
 * `register('./load-typescript.mjs', import.meta.url)`, then `await import(…)`. @module
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transform } from '@swc/core'

/** A hook of node:module. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  const source = await readFile(fileURLToPath(url), 'utf8')
  const { code } = await transform(source, {
    filename: fileURLToPath(url),
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
    sourceMaps: 'inline',
    swcrc: false,
  })
  return { format: 'module', source: code, shortCircuit: true }
}
