/** The reader of enclave.json, bundled as builders of images have it. @module */

type Tools = {
  readEnclaveConfiguration(text: string): Promise<unknown>
}
const path = new URL('../../tools/lib/enclave/inside.mjs', import.meta.url).href
const tools = async () => (await import(path)) as Tools // as in its JSDoc

export const readEnclaveConfiguration = async (text: string): Promise<unknown> =>
  (await tools()).readEnclaveConfiguration(text)
