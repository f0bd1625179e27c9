/** TypeScript as a user runs it: on a project of its own, against our declarations. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The clone, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** Where the projects below look for our declarations. */
const declarations = `${root}node_modules/.cache/fcl-kms/types`

/**
 * Runs the compiler once, for at most a minute.
 *
 * @param project - Path of a tsconfig.json or its folder.
 * @returns The diagnostics, one line each, `file(line,column): error TSnnnn: …`; paths from the clone.
 * @throws {Error} When it did not end in time, or failed without saying why.
 */
export async function compile(
  project: string,
  options: readonly string[] = [],
): Promise<readonly string[]> {
  const args = [`${root}node_modules/typescript/bin/tsc`, '--pretty', 'false', '-p', project]
  const child = spawn(process.execPath, [...args, ...options], { cwd: root, timeout: 60_000 })
  let output = ''
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [code] = await once(child, 'close')
  const lines = output.split('\n').filter((line) => /error TS\d+/.test(line))
  if (typeof code !== 'number' || (code !== 0) !== lines.length > 0)
    throw new Error(`tsc ended with ${String(code)} on ${project}:\n${output}`)
  return lines
}

/** Writes the declarations that the package ships, without building it. */
export async function emitDeclarations(outDir: string = declarations): Promise<void> {
  await mkdir(outDir, { recursive: true })
  const options = ['--emitDeclarationOnly', '--outDir', outDir]
  const faults = await compile(`${root}tsconfig.build.json`, options)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}
