import { chromiumBinary } from '@latchkey/test-servers'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { LONG } from '../long.js'

export function startBrowser(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
  return chromium.launch({ executablePath: chromiumBinary(), args })
}

/** A page, and what went wrong on it. */
export interface Watched {
  readonly page: Page
  /** Errors of the page, reports of its policy, and what it wrote to the console as an error. */
  readonly problems: string[]
}

const PHONE = { width: 360, height: 740 }
const DESK = { width: 1280, height: 900 }

/** A window of its own, with nothing stored. An action that takes longer than ten seconds fails. */
export async function openPage(browser: Browser): Promise<Watched> {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce' })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  return watch(await context.newPage())
}

function watch(page: Page): Watched {
  const problems: string[] = []
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`))
  page.on('dialog', (dialog) => {
    problems.push(`a window: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    // The browser's own line about an answer of 400 or more, which the test provoked.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource:')) {
      problems.push(`console: ${message.text()}`)
    }
  })
  return { page, problems }
}

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe finds: every rule in light; in dark, where nothing but colours differs, the contrast, or all in the long form. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found: string[] = []
  for (const [colorScheme, options] of [
    ['light', '{}'],
    ['dark', LONG ? '{}' : '{ runOnly: ["color-contrast"] }'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    const run = `axe.run(document, { resultTypes: ['violations'], ...${options} }).then(({ violations }) => violations)`
    const violations = await page.evaluate<readonly Finding[]>(run)
    const places = (nodes: Finding['nodes']) => nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)
    found.push(...violations.map(({ id, nodes }) => `${colorScheme}: ${id}: ${places(nodes).join('; ')}`))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return found
}

/** Whether the page fits into the width of a phone. */
export async function expectFitsPhone(page: Page): Promise<void> {
  const before = page.viewportSize() ?? DESK
  await page.setViewportSize(PHONE)
  const widths = await page.evaluate<number[]>('[document.documentElement.scrollWidth, innerWidth]')
  expect(widths[0]).toBeLessThanOrEqual(Number(widths[1]))
  await page.setViewportSize(before)
}
