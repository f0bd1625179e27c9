import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

type Paths = {
  cacheFolder(env: Record<string, string>): string
  findProgram(name: string, env: Record<string, string>): string | undefined
  splitCommand(command: string): string[]
}
const path = new URL('../../../tools/lib/paths.mjs', import.meta.url).href
const { cacheFolder, findProgram, splitCommand } = (await import(path)) as Paths // as in its JSDoc

describe('cacheFolder', () => {
  const usual = join(homedir(), '.cache', 'fcl-kms')
  it.each([
    ['an absolute XDG_CACHE_HOME', { XDG_CACHE_HOME: '/caches' }, '/caches/fcl-kms'],
    ['none', {}, usual],
    ['an empty one', { XDG_CACHE_HOME: '' }, usual],
    ['a relative one, which does not count', { XDG_CACHE_HOME: 'caches' }, usual],
  ])('goes by %s', (_, env, folder) => {
    expect(cacheFolder(env)).toBe(folder)
  })
})

describe('programs', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fcl kms paths '))
    await writeFile(join(folder, 'tool'), '#!/bin/sh\n', { mode: 0o755 })
    await writeFile(join(folder, 'text'), 'text', { mode: 0o644 })
    await mkdir(join(folder, 'directory'))
    await chmod(join(folder, 'directory'), 0o755)
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('finds an executable file on PATH, and nothing else', () => {
    const env = { PATH: `/nonexistent:relative::${folder}` }
    expect(findProgram('tool', env)).toBe(join(folder, 'tool'))
    expect(findProgram('text', env)).toBeUndefined()
    expect(findProgram('directory', env)).toBeUndefined()
    expect(findProgram('tool', {})).toBeUndefined()
  })

  it('takes a path as it is', () => {
    expect(findProgram(join(folder, 'tool'), {})).toBe(join(folder, 'tool'))
    expect(findProgram(join(folder, 'none'), {})).toBeUndefined()
  })

  it('splits a command on spaces unless it is the path of a program', () => {
    expect(splitCommand(join(folder, 'tool'))).toEqual([join(folder, 'tool')])
    expect(splitCommand('flow  emulator --verbose')).toEqual(['flow', 'emulator', '--verbose'])
  })
})
