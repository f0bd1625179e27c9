/** node:crypto, found without an import: a bundle for a browser or an edge runtime names nothing of Node.js. @module */

type NodeCrypto = typeof import('node:crypto')

/** `undefined` where there is none. */
export const nodeCrypto: NodeCrypto | undefined =
  globalThis.process?.getBuiltinModule?.('node:crypto')
