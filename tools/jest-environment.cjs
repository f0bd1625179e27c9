/**
 * Jest's environment for Node.js, without three costs that come back in each test file. @module
 */
const { AsyncLocalStorage } = require('node:async_hooks')
const { readFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const vm = require('node:vm')
const { TestEnvironment } = require('jest-environment-node')

const { createContext } = vm

/**
 * Those that ran something since the last test file ended. Each test file has one of Jest's own, and
 * Node.js 20 asks every one that was ever used at every promise that is made: by the hundredth file of
 * a worker this is slower than the promises.
 * @type {Set<AsyncLocalStorage<unknown>>}
 */
const used = new Set()
const { run } = AsyncLocalStorage.prototype
AsyncLocalStorage.prototype.run = /** @type {typeof run} */ (
  function (...given) {
    used.add(this)
    return run.apply(this, given)
  }
)

/** @type {Promise<WebAssembly.Module> | undefined} */
let pglite

/**
 * Keeps PGlite's program until the worker ends. V8 translates of its 9 MB what is called, and takes the
 * same for the same bytes, as long as one module of them is there: else each test file pays more than
 * a second of a processor for it again.
 */
async function keepPglite() {
  const path = join(dirname(require.resolve('@electric-sql/pglite')), 'pglite.wasm')
  pglite ??= WebAssembly.compile(readFileSync(path))
  await pglite
}

module.exports = class extends TestEnvironment {
  /**
   * With a global object of its own instead of a proxy. Jest makes the context of each test file from
   * a Proxy, so that every `Object`, `Math` or `Promise` that a module reads is a call through two
   * layers: a third of all processor time of the unit tests.
   * @param {ConstructorParameters<typeof TestEnvironment>} given
   */
  constructor(...given) {
    // The base class makes its context while it is constructed, and has no option for how.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY)
    try {
      super(...given)
    } finally {
      vm.createContext = createContext
    }
    Object.assign(this.global, { keepPglite }) // for test/support/pglite-image.ts
  }

  async teardown() {
    await super.teardown()
    for (const storage of used) storage.disable()
    used.clear()
  }
}
