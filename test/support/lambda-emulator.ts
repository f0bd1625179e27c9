/** A Lambda under AWS's Runtime Interface Emulator, on loopback only. @module */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { type ChildServer, freePorts, startChildServer } from '../../src/testing/child-server.ts'

const runtime = fileURLToPath(new URL('lambda-runtime.mjs', import.meta.url))

/** The program, as the tools prepare it. */
export const lambdaEmulator = (): string | undefined =>
  process.env['FCL_KMS_LAMBDA_EMULATOR'] || undefined

/** A client of Lambda invokes there whatever function it names `function`. */
export type EmulatedLambda = ChildServer & { readonly url: string }

/**
 * @param archive - As it goes to Lambda: with `index.mjs`, which exports `handler`.
 * @param environment - All that the function gets, beside PATH.
 */
export async function startLambdaEmulator(
  command: string,
  archive: Uint8Array,
  environment: Readonly<Record<string, string>>,
): Promise<EmulatedLambda> {
  const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-lambda-'))
  for (const [name, bytes] of Object.entries(unzipSync(archive)))
    await writeFile(join(folder, name), bytes)
  const [port, runtimePort] = await freePorts(2)
  const url = `http://127.0.0.1:${port}`
  const server = await startChildServer({
    name: "AWS's Runtime Interface Emulator",
    command,
    remedy: 'node tools/setup.mjs --lambda',
    flags: [
      `--runtime-interface-emulator-address=127.0.0.1:${port}`,
      `--runtime-api-address=127.0.0.1:${runtimePort}`,
      ...[process.execPath, runtime, 'index.handler'],
    ],
    env: { PATH: process.env['PATH'], LAMBDA_TASK_ROOT: folder, ...environment },
    // Its one path: an invocation without an event, of which the runtime tells that it is no JSON.
    readyUrl: `${url}/2015-03-31/functions/function/invocations`,
    deadlineMs: 30_000,
    folder,
  })
  return Object.freeze({ ...server, url })
}
