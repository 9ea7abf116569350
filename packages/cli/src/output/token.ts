import type { ApiToken } from '@latchkey/core'
import { coloured } from './colour.js'
import type { Column } from './table.js'
import { plain } from './text.js'

/** A time for a person: to the minute, in UTC. */
export function time(at: number | undefined): string {
  return at === undefined ? 'never' : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z`
}

export function statusOf(token: ApiToken, now: number): 'active' | 'rotating' | 'disabled' | 'expired' {
  if (token.expiresAt !== undefined && token.expiresAt <= now) return 'expired'
  if (!token.enabled) return 'disabled'
  return token.previousSecret === undefined ? 'active' : 'rotating'
}

const COLOURS = { active: 'green', rotating: 'yellow', disabled: 'yellow', expired: 'red' } as const

/** The columns of a list. */
export function tokenColumns(now: number): readonly Column<ApiToken>[] {
  return [
    { title: 'ID', of: ({ id }) => id },
    { title: 'NAME', of: ({ name }) => name, least: 10 },
    { title: 'OWNER', of: ({ owner }) => owner, least: 8, leaves: 2 },
    { title: 'SCOPES', of: ({ scopes }) => scopes.join(' '), least: 10, leaves: 4 },
    { title: 'LAST USED', of: ({ lastUsedAt }) => time(lastUsedAt), leaves: 3 },
    { title: 'EXPIRES', of: ({ expiresAt }) => time(expiresAt), leaves: 1 },
    { title: 'STATUS', of: (token) => statusOf(token, now) },
  ]
}

/** A token for a person, one member a line. */
export function tokenLines(token: ApiToken, now: number): string[] {
  const { previousSecret: previous, createdBy, modifiedBy } = token
  const status = statusOf(token, now)
  const by = (actor: ApiToken['createdBy']) =>
    actor === undefined ? '' : ` by ${actor.id ?? actor.owner ?? actor.kind}`
  const from = (ip: string | undefined) => (ip === undefined ? '' : ` from ${ip}`)
  const members: [string, string | undefined][] = [
    ['id', token.id],
    ['name', token.name],
    ['owner', `${token.owner}${token.personal ? ' (personal)' : ''}`],
    ['scopes', token.scopes.join(' ')],
    ['networks', token.networks.length === 0 ? 'every address' : token.networks.join(' ')],
    ['resources', token.resources.length === 0 ? 'every resource' : token.resources.join(' ')],
    ['created', `${time(token.createdAt)}${by(createdBy)}`],
    ['changed', token.modifiedAt === undefined ? undefined : `${time(token.modifiedAt)}${by(modifiedBy)}`],
    ['rotated', token.rotatedAt === undefined ? undefined : time(token.rotatedAt)],
    ['last used', `${time(token.lastUsedAt)}${from(token.lastUsedIp)}`],
    ['expires', time(token.expiresAt)],
    ['previous secret', previous && `until ${time(previous.expiresAt)}, last used ${time(previous.lastUsedAt)}`],
    ['metadata', token.metadata && JSON.stringify(token.metadata)],
  ]
  const shown = members.flatMap(([name, value]) =>
    value === undefined ? [] : [`${`${name}:`.padEnd(17)}${plain(value)}`],
  )
  return [...shown, `${'status:'.padEnd(17)}${coloured(COLOURS[status], status)}`]
}
