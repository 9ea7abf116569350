import { parseArgs } from 'node:util'

export interface HostOptions {
  readonly framework: 'express' | 'koa'
  /** `memory`. */
  readonly store: string
  readonly port: number
  /** One line of JSON on stdout, and nothing else there. */
  readonly json: boolean
}

export const USAGE = 'npm start -- [--framework express|koa] [--store memory] [--port N] [--json]'

/** Reads the command line. Throws an `Error` whose message is for the person who typed it. */
export function readArguments(args: readonly string[]): HostOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      framework: { type: 'string', default: 'express' },
      store: { type: 'string', default: 'memory' },
      port: { type: 'string', default: '3000' },
      json: { type: 'boolean', default: false },
    },
  })
  const { framework, store, port, json } = values
  if (framework !== 'express' && framework !== 'koa')
    throw new Error(`--framework must be express or koa, not ${framework}.`)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`--port must be 0 to 65535, not ${port}.`)
  return { framework, store, port: Number(port), json }
}
