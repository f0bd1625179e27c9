/** One Node.js process, run to its end in the root of the clone. @module */
import { execFile } from 'node:child_process'
import { root } from './own-package.mjs'

/**
 * @param {readonly string[]} args
 * @param {{ signal: AbortSignal, timeoutMs?: number }} options
 * @returns {Promise<{ code: number | string, stdout: string, stderr: string }>} whatever the exit
 *   code is; rejects only when the run is given up
 */
export const runNode = (args, { signal, timeoutMs = 20_000 }) =>
  new Promise((resolve, reject) => {
    const options = {
      cwd: root,
      signal,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 8_000_000,
    }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason)
      resolve({ code: error ? (error.code ?? error.signal ?? 'unknown') : 0, stdout, stderr })
    })
  })

/** The output of a program that must succeed. */
export async function outputOf(args, options) {
  const { code, stdout, stderr } = await runNode(args, options)
  if (code === 0) return stdout
  throw new Error(`node ${args.at(-1)} ended with ${code}: ${stderr.trim().slice(-500)}`)
}
