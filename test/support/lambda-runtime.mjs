/**
 * A runtime for a handler in ES modules: what AWS's Runtime Interface Client does, over the documented
 * Runtime API. That client asks for Node.js 22 and builds a curl of its own; we support 20.19.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 * @module
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const { AWS_LAMBDA_RUNTIME_API: host, LAMBDA_TASK_ROOT: folder = '', _HANDLER = '' } = process.env
const base = `http://${host}/2018-06-01/runtime`

/** @param {string} path @param {unknown} value */
const post = (path, value) =>
  fetch(`${base}/${path}`, { method: 'POST', body: JSON.stringify(value ?? null) })

/** @param {unknown} error */
const told = (error) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') }
    : { errorType: 'Error', errorMessage: String(error), trace: [] }

const [file, name = ''] = _HANDLER.split('.')
const module = await import(pathToFileURL(join(folder, `${file}.mjs`)).href).catch(
  async (error) => {
    await post('init/error', told(error))
    throw error
  },
)

for (;;) {
  // Ends with the emulator: then nobody answers, and this throws.
  const next = await fetch(`${base}/invocation/next`)
  const id = next.headers.get('lambda-runtime-aws-request-id')
  const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'))
  try {
    const event = JSON.parse(await next.text())
    const context = { getRemainingTimeInMillis: () => deadlineMs - Date.now() }
    await post(`invocation/${id}/response`, await module[name](event, context))
  } catch (error) {
    await post(`invocation/${id}/error`, told(error))
  }
}
