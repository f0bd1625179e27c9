/** Chromium, and pages that note what should not happen in them. @module */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The browser that the test step has found. Pages are our own; as root it starts only like this. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? 'chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })

/** How a page is looked at. */
export type Look = {
  readonly width?: number
  readonly height?: number
  readonly scheme?: 'light' | 'dark'
}

/** A page with an empty cookie jar. */
export type Visit = AsyncDisposable & {
  readonly page: Page
  /** Errors that scripts threw, and what the content security policy refused. */
  readonly faults: readonly string[]
}

/** Opens `url` as somebody new. */
export async function visit(browser: Browser, url: string, look: Look = {}): Promise<Visit> {
  const { width = 1280, height = 860, scheme = 'light' } = look
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // A refused call is logged by the browser; that is no fault of the page.
    const isRefusal = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isRefusal) faults.push(message.text())
  })
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    dialog.dismiss().catch(() => undefined)
  })
  await page.goto(url)
  return { page, faults, [Symbol.asyncDispose]: () => context.close() }
}

/** Signs in by the form, as a person does. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.locator('input[name=token]').fill(token)
  await page.keyboard.press('Enter')
  await page.locator('input[name=token]').waitFor({ state: 'detached' })
}

/** Goes to a hash such as `#/keys`, and waits for the heading. */
export async function goTo(page: Page, hash: string, heading: string | RegExp): Promise<void> {
  await page.goto(new URL(hash, page.url()).href)
  await page.getByRole('heading', { level: 1, name: heading }).waitFor()
}

/** @returns serious and critical findings of axe, as `rule: element`. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  const devtools = await page.context().newCDPSession(page) // a script tag would meet the policy
  const expression = `${axe};axe.run().then((result) => JSON.stringify(result))`
  const { result } = await devtools.send('Runtime.evaluate', {
    expression,
    awaitPromise: true,
    returnByValue: true,
  })
  const { violations, passes } = JSON.parse(result.value) as AxeResult // as axe documents it
  if (passes.length === 0) throw new Error('axe has looked at nothing')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

type AxeResult = {
  readonly passes: readonly unknown[]
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

/** @returns by how many CSS pixels the page is wider than its window. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth')

/** Reads a review to its end, as a person does who is led to each part by the bar at the foot. */
export async function readReview(page: Page): Promise<void> {
  const bar = page.getByRole('region', { name: 'Decision' })
  for (const step of ['read the summary to its end', 'look through the items']) {
    const link = bar.getByRole('button', { name: step })
    await clickIfThere(link)
    while (await link.isVisible()) {
      await page.mouse.wheel(0, 300)
      await drawn(page)
    }
  }
}

/** A link is gone once what it leads to is seen, which may be before anybody could click it. */
export const clickIfThere = (link: Locator): Promise<unknown> =>
  link.evaluateAll(([found]) => (found as { click(): void } | undefined)?.click())

/** Whatever the page does once it was scrolled is done. */
export const drawn = (page: Page): Promise<unknown> =>
  page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))',
  )
