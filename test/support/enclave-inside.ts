/** What runs inside an enclave, bundled now of its sources, and its reader of enclave.json. @module */

/** A file of the first ramdisk. */
export type FileBeside = { readonly path: string; readonly contents: Uint8Array }

type Tools = {
  bundleInside(): Promise<Uint8Array>
  bundleParent(): Promise<Uint8Array>
  readEnclaveConfiguration(text: string): Promise<unknown>
}
type HsmTools = {
  processEntries(): Promise<readonly FileBeside[]>
  hsmEntries(
    hsm: { module: string; files: Readonly<Record<string, string>> },
    provided: readonly FileBeside[],
  ): Promise<readonly FileBeside[]>
  nodeEntries(folder: string): readonly FileBeside[]
}
const hsmTools = async (name: 'hsm' | 'node'): Promise<HsmTools> =>
  import(new URL(`../../tools/lib/enclave/${name}.mjs`, import.meta.url).href)
const path = new URL('../../tools/lib/enclave/inside.mjs', import.meta.url).href
const tools = async () => (await import(path)) as Tools // as in its JSDoc

export const bundleInside = async (): Promise<Uint8Array> => (await tools()).bundleInside()

export const bundleParent = async (): Promise<Uint8Array> => (await tools()).bundleParent()

export const readEnclaveConfiguration = async (text: string): Promise<unknown> =>
  (await tools()).readEnclaveConfiguration(text)

/** What lies beside it in an image with an HSM: the process of the module, and pkcs11js. */
export async function moduleProcess(): Promise<readonly FileBeside[]> {
  return (await hsmTools('hsm')).processEntries()
}

/**
 * What the first ramdisk of an image with an HSM has more.
 *
 * @param node - The folder with Node.js for the guest.
 */
export async function hsmCode(
  hsm: Parameters<HsmTools['hsmEntries']>[0],
  node: string,
): Promise<readonly FileBeside[]> {
  const { nodeEntries } = await hsmTools('node')
  return (await hsmTools('hsm')).hsmEntries(hsm, nodeEntries(node))
}
