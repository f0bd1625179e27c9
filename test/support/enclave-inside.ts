/** What runs inside an enclave, bundled now of its sources, and its reader of enclave.json. @module */

type Tools = {
  bundleInside(): Promise<Uint8Array>
  readEnclaveConfiguration(text: string): Promise<unknown>
}
const path = new URL('../../tools/lib/enclave/inside.mjs', import.meta.url).href
const tools = async () => (await import(path)) as Tools // as in its JSDoc

export const bundleInside = async (): Promise<Uint8Array> => (await tools()).bundleInside()

export const readEnclaveConfiguration = async (text: string): Promise<unknown> =>
  (await tools()).readEnclaveConfiguration(text)
