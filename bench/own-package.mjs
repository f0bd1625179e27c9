/**
 * The built package by its own name. A workspace is another package, so Node.js resolves `fcl-kms`
 * from the folder above, by the `exports` of its package.json. @module
 */
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The clone. */
export const root = fileURLToPath(new URL('../', import.meta.url))

/** Resolves and loads as a file in the clone's root does. */
export const rootRequire = createRequire(new URL('../package.json', import.meta.url))

/** @param {string} specifier such as `fcl-kms/testing` */
export const importFromRoot = (specifier) =>
  import(pathToFileURL(rootRequire.resolve(specifier)).href)
