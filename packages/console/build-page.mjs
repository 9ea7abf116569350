// Builds the page with Vite and writes it as src/page.generated.ts: a module of texts, so that the package reads no file when
// it runs, and works inside of a bundle: node packages/console/build-page.mjs. Does nothing if the page has not changed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const page = join(folder, 'page')
const generated = join(folder, 'src/page.generated.ts')
const stampFile = join(folder, 'dist/.page-stamp')

const stamp = digestOf([
  ...readdirSync(page).map((name) => join(page, name)),
  fileURLToPath(import.meta.url),
  join(folder, 'package.json'),
])
if (!existsSync(generated) || !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  writeFileSync(generated, moduleOf(await buildPage()))
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, stamp)
}

function digestOf(files) {
  const hash = createHash('sha256')
  for (const file of files.toSorted()) hash.update(`${file.slice(folder.length)}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

async function buildPage() {
  const { build } = await import('vite')
  const result = await build({
    configFile: false,
    root: page,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      target: 'es2022',
      // Data would be inlined into the styles; there is none.
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: join(page, 'main.tsx'),
        output: {
          entryFileNames: 'page-[hash].js',
          assetFileNames: 'page-[hash][extname]',
          codeSplitting: false,
        },
      },
    },
  })
  return result.output ?? result[0].output
}

function moduleOf(output) {
  const script = output.find(({ type }) => type === 'chunk')
  const styles = output.find(({ fileName }) => fileName.endsWith('.css'))
  if (output.length !== 2 || !script || !styles) throw new Error('The page must be one script and one style sheet.')
  const text = (name, value) => `export const ${name}: string = ${JSON.stringify(value)}\n`
  return `// Made by build-page.mjs from the folder page.
${text('SCRIPT_NAME', script.fileName)}${text('SCRIPT', script.code)}\
${text('STYLES_NAME', styles.fileName)}${text('STYLES', String(styles.source))}`
}
