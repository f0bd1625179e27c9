/**
 * Jest's environment for Node.js with a global object of its own instead of a proxy. Jest makes the
 * context of each test file from a Proxy, so that every `Object`, `Math` or `Promise` that a module
 * reads is a call through two layers: a third of all processor time of the unit tests. @module
 */
const vm = require('node:vm')
const { TestEnvironment } = require('jest-environment-node')

const { createContext } = vm

module.exports = class extends TestEnvironment {
  /** @param {ConstructorParameters<typeof TestEnvironment>} given */
  constructor(...given) {
    // The base class makes its context while it is constructed, and has no option for how.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY)
    try {
      super(...given)
    } finally {
      vm.createContext = createContext
    }
  }
}
