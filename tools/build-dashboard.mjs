/**
 * Bundles the dashboard of the admin server: the same sources make the same bytes, and the name of
 * each file is the hash of its content, so that browsers may keep it for ever. @module
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './lib/paths.mjs'

const server = join(root, 'examples', 'admin-server')

/**
 * @param {string} [folder] where index.html, app.<hash>.js and app.<hash>.css go; emptied first
 * @returns {Promise<{ name: string, bytes: number, gzipped: number }[]>}
 */
export async function buildDashboard(folder = join(server, 'dist', 'dashboard')) {
  const sources = join(server, 'dashboard')
  const { outputFiles } = await build({
    absWorkingDir: sources,
    entryPoints: { app: 'main.tsx', style: 'styles/app.css' },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    // A plain script in the head runs before anything is painted, and needs no other file.
    format: 'iife',
    target: ['chrome123', 'firefox128', 'safari17.5'],
    charset: 'utf8',
    legalComments: 'eof',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
    tsconfig: 'tsconfig.json',
  })
  let html = readFileSync(join(sources, 'index.html'), 'utf8')
  const files = outputFiles.map(({ path, contents }) => {
    const extension = path.endsWith('.css') ? 'css' : 'js'
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12)
    const name = `app.${hash}.${extension}`
    html = replaceOnce(html, `/assets/app.${extension}`, `/assets/${name}`)
    return { name, contents: Buffer.from(contents) }
  })
  files.push({ name: 'index.html', contents: Buffer.from(html) })

  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return files.map(({ name, contents }) => {
    writeFileSync(join(folder, name), contents)
    return { name, bytes: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
  })
}

/**
 * @param {string} text
 * @param {string} from must occur
 * @param {string} to
 */
function replaceOnce(text, from, to) {
  if (text.split(from).length !== 2) throw new Error(`index.html must name ${from} once.`)
  return text.split(from).join(to)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const { name, bytes, gzipped } of await buildDashboard())
    console.log(`${name}: ${bytes} bytes, ${gzipped} gzipped`)
