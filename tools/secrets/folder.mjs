import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sealed, searchFor, tokensIn } from './search.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where a token is told on purpose, to whoever started the program or runs the example. */
const MEANT = [
  /^stdout of examples\/(host\/dist\/main|dist\/(express|fastify|hono|koa|own-sign-in|own-sign-in\/koa|environments|audit|alerts|prometheus|limits\/\w+))\.js$/,
  /^stdout of test\/threats\/node\.mjs$/,
  /^stdout of test\/matrix\/host\/start\.js$/,
  // The README's first example, as its test runs it.
  /^stdout of test\/\.example-[A-Za-z0-9]+\/example\.mjs$/,
  // What examples/ci-rotation is told to keep its secret in.
  /^kept\/[^/]+\/token$/,
]

/**
 * Searches what a run left in a folder for every secret that it issued. `told`: how many different ones were found at
 * each place where they are meant to be. `found`: the others, and every text that is a token but was not issued.
 */
export function searchFolder(folder) {
  const processes = readdirSync(join(folder, 'processes'))
  const issued = processes.flatMap((name) => issuedBy(join(folder, 'processes', name, 'issued')))
  const find = searchFor(issued)
  const known = new Set(issued)
  const result = { issued: known.size, processes: processes.length, files: 0, bytes: 0, told: new Map(), found: [] }
  for (const path of filesIn(folder)) {
    const text = readFileSync(path, 'latin1')
    result.files++
    result.bytes += text.length
    const place = placeOf(folder, path)
    const traces = find(text)
    if (traces.length > 0 && MEANT.some((pattern) => pattern.test(place))) {
      const kind = place.replace(/(?<=^kept\/)[^/]+|(?<=\.example-)\w+/, '*')
      const tokens = new Set(traces.map(({ token }) => token))
      result.told.set(kind, (result.told.get(kind) ?? 0) + tokens.size)
    } else {
      result.found.push(...traces.map(({ token, form, index }) => ({ id: idOf(token), form, index, place })))
    }
    for (const token of tokensIn(text)) {
      if (known.has(token)) continue
      result.found.push({ id: idOf(token), form: 'a token that was not recorded', index: text.indexOf(token), place })
    }
  }
  return result
}

function issuedBy(file) {
  return existsSync(file) ? readFileSync(file, 'latin1').split('\n').filter(Boolean).map(sealed) : []
}

function idOf(token) {
  return token.slice(0, token.lastIndexOf('.'))
}

/** What a file holds, in words: of a process, its output and the program. */
function placeOf(folder, path) {
  const program = join(dirname(path), 'program')
  if (!existsSync(program)) return relative(folder, path)
  return `${basename(path)} of ${relative(root, readFileSync(program, 'utf8'))}`
}

/** Every file that was written, but no record of what was issued, and no package that was installed. */
function* filesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* filesIn(path)
    else if (entry.isFile() && entry.name !== 'issued') yield path
  }
}
