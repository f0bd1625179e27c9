import { jest } from '@jest/globals'
import { fclAccessNode, readFclConfig } from '../../../src/authorizer/fcl-config.ts'
import { fclPackages, loadFcl } from '../../support/fcl.ts'

type Letter = { readonly tag: string; readonly reply: (all: unknown) => void }

/** What FCL keeps on the global object, or something else, until the returned function is called. */
function place(registry: unknown): () => void {
  const before: unknown = Reflect.get(globalThis, 'FCL_REGISTRY')
  Reflect.set(globalThis, 'FCL_REGISTRY', registry)
  return () => void Reflect.set(globalThis, 'FCL_REGISTRY', before)
}
const answering = (all: unknown) => ({
  config: { mailbox: { deliver: (letter: Letter) => letter.reply(all) } },
})

describe('without FCL', () => {
  it.each([
    ['no registry', undefined, 'no FCL was loaded in this process'],
    ['an empty registry', {}, 'no FCL was loaded in this process'],
    [
      'a registry of another shape',
      { config: { mailbox: {} } },
      'no FCL was loaded in this process',
    ],
    ['a registry that is a text', 'config', 'no FCL was loaded in this process'],
    ['an answer that is no object', answering(7), 'no FCL was loaded in this process'],
    ['no node', answering({}), expect.stringContaining('createFlowClient')],
    ['a node that is empty', answering({ 'accessNode.api': '' }), expect.anything()],
    ['a node that is a number', answering({ 'accessNode.api': 7 }), expect.anything()],
    [
      'a mailbox that throws',
      {
        config: {
          mailbox: {
            deliver() {
              throw new Error()
            },
          },
        },
      },
      expect.anything(),
    ],
  ])('refuses %s', async (_, registry, reason) => {
    const restore = place(registry)
    const refused = expect.objectContaining({ code: 'ACCESS_NODE_NOT_SET', context: { reason } })
    await expect(fclAccessNode().finally(restore)).rejects.toEqual(refused)
  })

  it('does not wait for ever for an answer', async () => {
    const restore = place({ config: { mailbox: { deliver: () => undefined } } })
    jest.useFakeTimers()
    const reading = readFclConfig()
    await jest.advanceTimersByTimeAsync(1_000)
    jest.useRealTimers()
    expect(await reading.finally(restore)).toBeUndefined()
  })
})

it.each(fclPackages)('reads what fcl.config of %s holds by then', async (name) => {
  const fcl = await loadFcl(name)
  fcl.config({
    'accessNode.api': `https://${name.replace(/\W/g, '-')}.example`,
    '0xFlowToken': '0x1',
  })
  expect(await readFclConfig()).toMatchObject({ '0xFlowToken': '0x1' })
  expect(await fclAccessNode()).toBe(`https://${name.replace(/\W/g, '-')}.example`)
})
