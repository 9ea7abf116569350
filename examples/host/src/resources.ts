import type { ApiToken } from '@latchkey/core'

/** What the host serves, on every framework. */
export const METRICS = { metrics: [{ name: 'requests', value: 1 }] }

export function metricsAccepted(): { accepted: boolean } {
  return { accepted: true }
}

export function reportsOf(project: string): { project: string; reports: readonly object[] } {
  return { project, reports: [{ name: 'visitors', value: 1 }] }
}

export function whoami({ id, name, owner, scopes }: ApiToken): Pick<ApiToken, 'id' | 'name' | 'owner' | 'scopes'> {
  return { id, name, owner, scopes }
}
