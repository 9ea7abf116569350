import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HostOptions, readArguments, USAGE } from './arguments.js'
import { auditFile } from './audit.js'
import { type Environments, hostEnvironments } from './environments.js'
import { openStore } from './stores.js'
import { firstToken, type HostLatchkey, hostTokens, resetAdminToken } from './tokens.js'
import { farewell, pageLink, welcome } from './welcome.js'

/** How long requests in flight may take after the signal. */
const GRACE_MS = 1_000

async function main(): Promise<void> {
  const options = readCommand()
  if (options === 'help') {
    process.stdout.write(USAGE)
    return
  }
  const store = await openStore(options.store).catch(usageError)
  const onAudit = options.audit === undefined ? undefined : auditFile(options.audit)
  const latchkey = hostTokens(store, onAudit)
  const environments = hostEnvironments(store, latchkey, onAudit)
  const server = createServer(await listener(options.framework, latchkey, environments))
  const url = await listen(server, options.port).catch(startError)
  // After listening: the token is shown once, so it must not be created if the start fails.
  const adminToken = await (options.resetAdmin ? resetAdminToken : firstToken)(latchkey).catch(startError)

  process.stdout.write(
    options.json
      ? `${JSON.stringify({ url, adminToken: adminToken ?? null, page: pageLink(url, adminToken) })}\n`
      : welcome(url, options, adminToken),
  )

  await anySignal(['SIGTERM', 'SIGINT'])
  // To stderr: stdout may be a pipe whose reader has ended at the same Ctrl-C.
  const say = (text: string) => void (options.json || process.stderr.write(text))
  say('\nStopping, within a second …\n')
  const closed = once(server, 'close')
  server.close()
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
  await closed
  // After the last request, so that its use is written too.
  const outcomes = await Promise.allSettled([latchkey, ...environments.instances()].map((each) => each.close()))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) {
    throw new CommandError(`The last uses of some tokens could not be written: ${messageOf(failed.reason)}`)
  }
  await store.close()
  say(farewell(options.store))
}

/** Loads one framework alone. */
async function listener(
  framework: HostOptions['framework'],
  latchkey: HostLatchkey,
  environments: Environments,
): Promise<RequestListener> {
  if (framework === 'fastify') return (await import('./fastify-host.js')).fastifyHost(latchkey, environments)
  if (framework === 'hono') return (await import('./hono-host.js')).honoHost(latchkey, environments)
  if (framework === 'koa') return (await import('./koa-host.js')).koaHost(latchkey, environments)
  return (await import('./express-host.js')).expressHost(latchkey, environments)
}

function readCommand(): HostOptions | 'help' {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    return usageError(error)
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

/** Resolves at the first signal and ignores the others: below npm, Ctrl-C arrives twice. */
function anySignal(signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.on(signal, () => resolve())
  })
}

/** Its message is all that the user needs, so no stack trace is printed. */
class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

function usageError(error: unknown): never {
  throw new CommandError(`${messageOf(error)}\n\n${USAGE}`, 2)
}

function startError(error: unknown): never {
  throw new CommandError(messageOf(error))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

main().catch((error: unknown) => {
  if (!(error instanceof CommandError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(error.exitCode)
})
