/** The bundle of the remote signer's Lambda, made now of the sources. @module */

type Tools = { bundleRemoteSigner(): Promise<Uint8Array> }
const path = new URL('../../tools/lib/remote-signer-bundle.mjs', import.meta.url).href

export async function bundleRemoteSigner(): Promise<Uint8Array> {
  const tools = (await import(path)) as Tools // as in its JSDoc
  return tools.bundleRemoteSigner()
}
