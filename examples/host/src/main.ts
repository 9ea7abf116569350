import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HostOptions, readArguments, USAGE } from './arguments.js'
import { type Environments, hostEnvironments } from './environments.js'
import { makeStore } from './stores.js'
import { firstToken, type HostLatchkey, hostTokens, resetAdminToken } from './tokens.js'
import { welcome } from './welcome.js'

/** Requests under way may take this long after the signal to end. */
const GRACE = 1_000

async function main(): Promise<void> {
  const options = readCommand()
  const store = await makeStore(options.store).catch(misused)
  const latchkey = hostTokens(store)
  const environments = hostEnvironments(store, latchkey)
  const server = createServer(await listener(options.framework, latchkey, environments))
  const url = await listen(server, options.port).catch(plainly)
  // Not before the port is had: a token that is made and never shown could not be got again.
  const adminToken = await (options.resetAdmin ? resetAdminToken : firstToken)(latchkey).catch(plainly)

  process.stdout.write(
    options.json
      ? `${JSON.stringify({ url, adminToken: adminToken ?? null })}\n`
      : welcome(url, options.store, adminToken),
  )

  await anySignal(['SIGTERM', 'SIGINT'])
  const closed = once(server, 'close')
  server.close()
  setTimeout(() => server.closeAllConnections(), GRACE).unref()
  await closed
  // Behind the last request: the uses that it noted are written too.
  const outcomes = await Promise.allSettled([latchkey, ...environments.instances()].map((each) => each.close()))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) {
    throw new Plain(`The last uses of some tokens could not be written: ${messageOf(failed.reason)}`)
  }
  await store.close()
}

/** Loads one framework alone. */
async function listener(
  framework: HostOptions['framework'],
  latchkey: HostLatchkey,
  environments: Environments,
): Promise<RequestListener> {
  if (framework === 'koa') return (await import('./koa-host.js')).koaHost(latchkey, environments)
  return (await import('./express-host.js')).expressHost(latchkey, environments)
}

function readCommand(): HostOptions {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    return misused(error)
  }
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} is in use. Choose another with --port; 0 takes any that is free.`)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Resolves at the first; later ones (Ctrl-C arrives twice below npm) change nothing. */
function anySignal(signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve())
  })
}

/** A failure that its message explains in full. */
class Plain extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

function misused(error: unknown): never {
  throw new Plain(`${messageOf(error)}\nUsage: ${USAGE}`, 2)
}

function plainly(error: unknown): never {
  throw new Plain(messageOf(error))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

main().catch((error: unknown) => {
  if (!(error instanceof Plain)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(error.exitCode)
})
