import type { Command } from 'commander'
import { misused } from './failures.js'
import { readFile } from './input.js'
import { collect } from './options.js'

/** The options by which commands say what a token is to be. */
export interface MemberOptions {
  readonly name?: string
  readonly scope?: readonly string[]
  readonly network?: readonly string[] | false
  readonly resource?: readonly string[] | false
  readonly expires?: string
  readonly metadata?: string
}

export function withMembers(command: Command): Command {
  return command
    .option('--name <name>', 'what people call it')
    .option('--scope <scope>', 'what it may do; may be given more than once', collect)
    .option('--network <block>', 'a CIDR block it is bound to; may be given more than once', collect)
    .option('--resource <resource>', 'a resource it is bound to; may be given more than once', collect)
    .option('--expires <time>', 'when it ends: 2026-12-31, or now+90d')
    .option('--metadata <json>', 'an object, or @FILE that holds one')
}

/** As `create` and `update` take them. What was not given is left out. */
export function membersOf({ name, scope, network, resource, expires, metadata }: MemberOptions) {
  return {
    ...(name !== undefined && { name }),
    ...(scope !== undefined && { scopes: scope }),
    ...(network !== undefined && { networks: network === false ? [] : network }),
    ...(resource !== undefined && { resources: resource === false ? [] : resource }),
    ...(expires !== undefined && { expiresAt: expires }),
    ...(metadata !== undefined && { metadata: readJson(metadata) }),
  }
}

function readJson(given: string): Record<string, unknown> {
  const text = given.startsWith('@') ? readFile(given.slice(1)) : given
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    throw misused(`--metadata must be JSON such as {"team":"a"}, and what was given is none.`)
  }
}
