import { spawn } from 'node:child_process'
import { once } from 'node:events'

const dist = new URL('../../../examples/admin-server/dist/', import.meta.url)

it.each([
  ['an exception', "setTimeout(() => { throw new Error('hunter2') })"],
  ['a rejection', "Promise.reject(new Error('hunter2'))"],
])(
  '%s that nobody catches ends the process with one line, without its message',
  async (_, fault) => {
    const program = `
    import { endOnFaults } from '${dist}observability/faults.js'
    import { createLog } from '${dist}observability/log.js'
    endOnFaults(createLog({ level: 'info' }))
    ${fault}
    setTimeout(() => undefined, 10_000)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program])
    let output = ''
    for (const pipe of [child.stdout, child.stderr])
      pipe.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    const [code] = await once(child, 'close')
    expect(code).toBe(1)
    const [line = '', ...more] = output.trim().split('\n')
    expect(more).toEqual([])
    expect(JSON.parse(line)).toMatchObject({ level: 'fatal', err: { type: 'Error' } })
    expect(output).not.toContain('hunter2')
  },
)
