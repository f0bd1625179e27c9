/** What Go is given when it builds a server: everything that it writes goes below one folder. @module */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The user's own settings, such as GOPROXY, stay.
 * @param {string} folder
 * @returns {NodeJS.ProcessEnv}
 */
export function goEnvironment(folder) {
  const mac = join(homedir(), 'Library', 'Application Support')
  const usual = process.platform === 'darwin' ? mac : join(homedir(), '.config')
  const GOTMPDIR = join(folder, 'tmp')
  mkdirSync(GOTMPDIR, { recursive: true })
  return {
    ...process.env,
    GOENV: process.env.GOENV || join(process.env.XDG_CONFIG_HOME || usual, 'go', 'env'),
    GOPATH: join(folder, 'path'),
    GOMODCACHE: join(folder, 'modules'),
    GOCACHE: join(folder, 'build'),
    GOTMPDIR,
    TMPDIR: GOTMPDIR,
    XDG_CONFIG_HOME: join(folder, 'config'), // Go's telemetry counters
    GOFLAGS: '-modcacherw -mod=readonly',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
  }
}
