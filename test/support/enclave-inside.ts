/** What runs inside an enclave, bundled now of its sources, and its reader of enclave.json. @module */

/** A file of the first ramdisk. */
export type FileBeside = { readonly path: string; readonly contents: Uint8Array }

type Tools = {
  bundleInside(): Promise<Uint8Array>
  readEnclaveConfiguration(text: string): Promise<unknown>
}
type HsmTools = { processEntries(): Promise<readonly FileBeside[]> }
const path = new URL('../../tools/lib/enclave/inside.mjs', import.meta.url).href
const tools = async () => (await import(path)) as Tools // as in its JSDoc

export const bundleInside = async (): Promise<Uint8Array> => (await tools()).bundleInside()

export const readEnclaveConfiguration = async (text: string): Promise<unknown> =>
  (await tools()).readEnclaveConfiguration(text)

/** What lies beside it in an image with an HSM: the process of the module, and pkcs11js. */
export async function moduleProcess(): Promise<readonly FileBeside[]> {
  const url = new URL('../../tools/lib/enclave/hsm.mjs', import.meta.url).href
  return ((await import(url)) as HsmTools).processEntries() // as in its JSDoc
}
