/** Markdown as our documents use it, and what the code in it must be. @module */
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { stacks } from '../../src/aws/index.ts'
import { run } from '../../src/cli/run.ts'
import { compile, emitDeclarations, root } from '../types/compile.ts'

/** A fenced block. */
export type CodeBlock = {
  readonly language: string
  readonly code: string
  /** Of its first line of code, from 1. */
  readonly line: number
}

/** One document, read once. */
export type MarkdownPage = {
  readonly blocks: readonly CodeBlock[]
  /** Anchors of the headings, as GitHub makes them. */
  readonly anchors: readonly string[]
  /** Targets of links and pictures. */
  readonly links: readonly string[]
  /** Texts in backticks outside of blocks. */
  readonly inline: readonly string[]
  /** Cells of all table rows, without the lines that separate the head. */
  readonly rows: readonly (readonly string[])[]
  /** Texts between empty lines, without blocks and tables. */
  readonly paragraphs: readonly string[]
}

/** @param source - The text of a Markdown file. */
export function readMarkdown(source: string): MarkdownPage {
  const blocks: CodeBlock[] = []
  const prose: string[] = []
  let open: { language: string; line: number; code: string[] } | undefined
  for (const [index, line] of source.split('\n').entries()) {
    const [, language] = /^```(\S*)/.exec(line) ?? []
    if (open === undefined && language !== undefined) {
      open = { language, line: index + 2, code: [] }
      prose.push('')
    } else if (open === undefined) prose.push(line)
    else if (language === undefined) open.code.push(line)
    else {
      blocks.push({ ...open, code: `${open.code.join('\n')}\n` })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`the block at line ${open.line - 1} does not end`)
  const text = prose.join('\n')
  const isRow = (line: string) => line.startsWith('|')
  return {
    blocks,
    anchors: prose.filter((line) => /^#{1,6} /.test(line)).map(anchor),
    links: [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target),
    inline: [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code),
    rows: prose.filter((line) => isRow(line) && !/^\|[\s:|-]+\|$/.test(line)).map(cells),
    paragraphs: prose
      .map((line) => (isRow(line) ? '' : line))
      .join('\n')
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.trim())
      .filter((paragraph) => paragraph !== ''),
  }
}

function cells(row: string): readonly string[] {
  const inner = row.trim().replace(/^\||\|$/g, '')
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim())
}

function anchor(heading: string): string {
  const text = heading.replace(/^#+ /, '').toLowerCase()
  return text.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
}

/**
 * The commands of a shell block: comments left out, continued lines joined, `<words>` of the reader
 * to fill in taken as one word.
 *
 * @returns The words of each command; settings before it and redirections left out.
 */
export function shellCommands(code: string): readonly (readonly string[])[] {
  return code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => line.split(/ (?:&&|\|) /))
    .map((command) => command.replace(/(^|\s)#.*$/, '').replace(/<[^<>\s][^<>]*>/g, 'filled-in'))
    .map((command) => command.replace(/ [<>]{1,2} ?\S+/g, ''))
    .map((command) => command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [])
    .map((words) => words.map((word) => word.replace(/["']/g, '')))
    .map(withoutSettings)
    .filter((words) => words.length > 0)
}

function withoutSettings(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word))
  return first === -1 ? [] : words.slice(first)
}

/** The blocks of a page at their own lines: errors name the line of the document. */
export function moduleOf({ blocks }: MarkdownPage): string {
  const lines: string[] = []
  for (const { language, code, line } of blocks)
    if (/^(js|ts)$/.test(language))
      for (const [index, text] of code.split('\n').entries()) lines[line - 1 + index] = text
  return `${Array.from(lines, (text) => text ?? '').join('\n')}\nexport {}\n`
}

/**
 * One run of the compiler on modules of a user, with FCL's own declarations and ours.
 *
 * @returns Its errors.
 */
export async function compileModules(
  modules: readonly { readonly path: string; readonly code: string }[],
): Promise<readonly string[]> {
  const cache = join(root, 'node_modules', '.cache', 'fcl-kms')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'docs-'))
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  try {
    await emitDeclarations(join(folder, 'types'))
    const paths = {
      'fcl-kms': ['./types/index.d.ts'],
      'fcl-kms/*': ['./types/*/index.d.ts'],
      '@onflow/fcl': [join(root, 'node_modules', 'fcl-1.21.9', 'types', 'fcl.d.ts')],
    }
    const user = join(root, 'test', 'types', 'projects', 'tsconfig.user.json')
    const config = { extends: user, compilerOptions: { paths }, include: ['*.mts', '*.d.ts'] }
    await write('tsconfig.json', JSON.stringify(config))
    // What the reader sets before running the example.
    const settings = 'declare namespace NodeJS { interface ProcessEnv { FLOW_ADDRESS: string } }\n'
    await write('settings.d.ts', settings)
    for (const { path, code } of modules) await write(`${path.replaceAll('/', '-')}.mts`, code)
    return await compile(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** @returns Why a reader cannot run this command; empty when nothing speaks against it. */
export async function faultOfCommand(given: readonly string[]): Promise<string> {
  const [program, ...args] = given[0] === 'npx' ? given.slice(1) : given
  const line = [program, ...args].join(' ')
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (program === 'fcl-kms') return faultOfOwnCommand(args)
  if (/^(@changesets\/cli@3\.\d+\.\d+ version|npm install --package-lock-only)$/.test(line))
    return ''
  if (/^aws kms encrypt( --(key-id|encryption-context|plaintext|query|output) \S+){5}$/.test(line))
    return ''
  if (
    /^aws cloudformation (create|describe|execute)-change-set( --(stack-name|change-set-name|template-body|capabilities) \S+){2,4}$/.test(
      line,
    )
  )
    return ''
  if (/^flow transactions (build|send-signed) /.test(line)) return ''
  if (/^npm install /.test(line)) {
    const known = ['fcl-kms', ...Object.keys(manifest.peerDependencies)]
    return args.slice(1).find((name) => !known.includes(name)) ?? ''
  }
  const script = args[0] === 'run' ? args[1] : args[0]
  if (program !== 'npm' || !Object.hasOwn(manifest.scripts, script ?? '')) return 'it is not known'
  const [, step] = / -- --only (\w+)/.exec(line) ?? []
  const steps = readFileSync(join(root, 'tools', 'test.mjs'), 'utf8')
  return step === undefined || steps.includes(`name: '${step}'`) ? '' : `no step is named ${step}`
}

/** The command and its options must be those that its own help shows. */
async function faultOfOwnCommand(args: readonly string[]): Promise<string> {
  const first = args.findIndex((word) => word.startsWith('-'))
  const name = first === -1 ? args : args.slice(0, first)
  const { signal } = new AbortController()
  const world = { env: {}, signal, note: () => undefined, stdin: Readable.from([]) }
  const { exitCode, stdout, stderr } = await run([...name, '--help'], world)
  const [, usage = ''] = /^Usage: fcl-kms (.*) \[options\]/.exec(stdout) ?? []
  const shown = usage.split(' ')
  const isShown = (word: string, place: number) =>
    word === shown[place] ||
    (shown[place] === '<stack>' && Object.hasOwn(stacks, word)) ||
    (shown[place]?.startsWith('<') === true && /^\d+$/.test(word))
  if (exitCode !== 0 || shown.length !== name.length || !name.every(isShown))
    return stderr || 'there is no such command'
  const options = Object.fromEntries(
    [...stdout.matchAll(/^ {2}--([a-z][a-z0-9-]*)( <)?/gm)].map(([, flag = '', value]) => [
      flag,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  try {
    parseArgs({ args: args.slice(name.length), options, strict: true })
    return ''
  } catch (thrown) {
    return String(thrown)
  }
}
