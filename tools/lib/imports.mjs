/** The imports of a JavaScript or TypeScript source. @module */

/**
 * Reads text, not syntax: comments are left out, and so is what only looks like an import of Cadence.
 * @param {string} source
 * @returns {readonly { specifier: string, dynamic: boolean }[]}
 */
export function importsOf(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const fixed = /^\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm
  const dynamic = /\bimport\s*\(\s*(['"])([^'"\n]+)\1\s*\)/g
  return [
    ...[...code.matchAll(fixed)].map((match) => ({ specifier: match[2] ?? '', dynamic: false })),
    ...[...code.matchAll(dynamic)].map((match) => ({ specifier: match[2] ?? '', dynamic: true })),
  ]
}
