import { parseArgs } from 'node:util'

const FRAMEWORKS = ['express', 'fastify', 'koa', 'hono'] as const

export interface HostOptions {
  readonly framework: (typeof FRAMEWORKS)[number]
  /** `memory`, `sqlite:<file>`, `redis://<host>`, or `postgres://<user>@<host>/<database>`. */
  readonly store: string
  /** Replaces a lost admin token. */
  readonly resetAdmin: boolean
  readonly port: number
  /** The file that keeps the audit. */
  readonly audit: string | undefined
  /** One line of JSON on stdout, and nothing else there. */
  readonly json: boolean
}

/** In the working directory, in a folder that git ignores. */
const DEFAULT_STORE = 'sqlite:.latchkey/tokens.sqlite'

export const USAGE = `Usage: npm start -- [options]

  --framework <name>   express (default), fastify, koa or hono
  --store <store>      ${DEFAULT_STORE} (default), sqlite:<file>, memory,
                       redis://<host> or postgres://<user>@<host>/<database>
  --port <number>      3000 (default); 0 takes any free port
  --audit <file>       append every change of a token to this file, as lines of JSON
  --reset-admin        give the admin token a new secret; the old one stops working
  --json               print one line of JSON instead of text
  --help               print this text
`

/** Reads the command line. The message of an error is meant for the user. */
export function readArguments(args: readonly string[]): HostOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      framework: { type: 'string', default: 'express' },
      store: { type: 'string', default: DEFAULT_STORE },
      'reset-admin': { type: 'boolean', default: false },
      port: { type: 'string', default: '3000' },
      audit: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const { store, port, audit, json } = values
  const framework = FRAMEWORKS.find((name) => name === values.framework)
  if (framework === undefined) {
    throw new Error(`--framework must be one of ${FRAMEWORKS.join(', ')}, not ${values.framework}.`)
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`--port must be 0 to 65535, not ${port}.`)
  return { framework, store, port: Number(port), audit, json, resetAdmin: values['reset-admin'] }
}
