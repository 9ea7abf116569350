// Loaded by every Node process of `npm run secrets` before anything else. Records what the process issues, prints and
// throws, and keeps the files that it would remove. It stands around the product; the product knows nothing of it.
import crypto from 'node:crypto'
import diagnostics from 'node:diagnostics_channel'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { threadId } from 'node:worker_threads'
import zlib from 'node:zlib'

const { LATCHKEY_SECRETS_FOLDER: folder = '', TMPDIR: temporary = '' } = process.env
const own = join(folder, 'processes', `${process.pid}-${threadId}-${Date.now()}`)
const { appendFileSync, existsSync, renameSync, rmSync, writeSync } = fs
const { rm } = fs.promises
fs.mkdirSync(own, { recursive: true })
appendFileSync(join(own, 'program'), process.argv[1] ?? '')
const record = (name, what) => appendFileSync(join(own, name), what)
const show = (what) =>
  `${inspect(what, { depth: 5, showHidden: true, maxStringLength: null, maxArrayLength: null, breakLength: Infinity })}\n`

/** Collects and writes in one go: there are very many of these. */
function collector(name, describe) {
  let waiting = []
  const drain = () => {
    const batch = waiting
    waiting = []
    if (batch.length > 0) record(name, batch.map(describe).join(''))
  }
  process.on('exit', drain)
  return (what) => {
    if (waiting.push(what) === 1) setImmediate(drain).unref()
    if (waiting.length === 1_000) drain()
  }
}

// A token is issued where its secret's 57 letters are drawn and its checksum is made right after.
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const { randomBytes } = crypto
const { crc32 } = zlib
let drawn
crypto.randomBytes = (size, ...rest) => {
  const bytes = randomBytes(size, ...rest)
  if (size === 57) drawn = Array.from(bytes, (byte) => LETTERS[byte & 31]).join('')
  return bytes
}
zlib.crc32 = (text, ...rest) => {
  if (drawn !== undefined && typeof text === 'string' && text.endsWith(drawn)) {
    drawn = undefined
    record('issued', `${text}\n`)
  }
  return crc32(text, ...rest)
}

for (const name of ['stdout', 'stderr']) {
  const { write } = process[name]
  process[name].write = function (chunk, ...rest) {
    record(name, chunk)
    return write.call(this, chunk, ...rest)
  }
}
fs.writeSync = (fd, what, ...rest) => {
  if (fd === 1 || fd === 2) record(fd === 1 ? 'stdout' : 'stderr', what)
  return writeSync(fd, what, ...rest)
}
process.on('uncaughtExceptionMonitor', (error) => record('stderr', show(error)))

const { channel } = diagnostics
const hear = collector('events', show)
diagnostics.channel = (name) => {
  const made = channel(name)
  if (String(name).startsWith('latchkey:')) made.subscribe((message) => hear({ name, message }))
  return made
}

// Described when whoever threw it has added what it adds. An assertion holds what the test compares, which is the test's.
const notice = collector('errors', (error) =>
  error.name === 'AssertionError' ? '' : show({ message: error.message, cause: error.cause, ...error }),
)
for (const name of ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'AggregateError']) {
  const noticed = (error) => {
    notice(error)
    return error
  }
  const Recorded = new Proxy(globalThis[name], {
    construct: (target, args, newTarget) => noticed(Reflect.construct(target, args, newTarget)),
    apply: (target, self, args) => noticed(Reflect.apply(target, self, args)),
  })
  Recorded.prototype.constructor = Recorded
  globalThis[name] = Recorded
}

/** A temporary folder or file is put aside in the place of being removed. */
function kept(path) {
  if (dirname(String(path)) !== temporary || !existsSync(path)) return false
  renameSync(path, join(folder, 'kept', crypto.randomUUID()))
  return true
}
fs.rmSync = (path, ...rest) => {
  if (!kept(path)) rmSync(path, ...rest)
}
fs.promises.rm = async (path, ...rest) => {
  if (!kept(path)) await rm(path, ...rest)
}

syncBuiltinESMExports()
