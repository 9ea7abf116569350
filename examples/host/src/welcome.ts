/** The tokens page, signed in by what stands behind `#`, which no browser sends to the server. */
export function pageLink(url: string, adminToken: string | undefined): string {
  return `${url}/tokens/console/${adminToken === undefined ? '' : `#token=${adminToken}`}`
}

/** What the host prints at start: the admin token, and commands that use it. */
export function welcome(url: string, store: string, adminToken: string | undefined): string {
  const lines = [`The example host listens at ${url}`, '']
  if (adminToken === undefined) {
    lines.push(
      `Its tokens are in ${withoutPassword(store)}, from an earlier start. The admin token was shown then; nobody can show it again.`,
      'If it is lost, `npm start -- --reset-admin` gives it a new value.',
      '',
      `The tokens page: ${pageLink(url, adminToken)}`,
    )
    return `${lines.join('\n')}\n`
  }
  lines.push(
    'The admin token, shown this once:',
    '',
    `  ${adminToken}`,
    '',
    'The tokens page, signed in with it:',
    '',
    `  ${pageLink(url, adminToken)}`,
    '',
    'Refused without a token:',
    '',
    `  curl -i ${url}/metrics`,
    '',
    'Let in with one:',
    '',
    `  curl -i -H 'Authorization: Bearer ${adminToken}' ${url}/metrics`,
    '',
    'A token that may only send metrics, so that GET refuses it and POST lets it in:',
    '',
    `  curl -i -H 'Authorization: Bearer ${adminToken}' -H 'Content-Type: application/json' ${url}/tokens -d '{"name":"ingest","scopes":["metrics.ingest"]}'`,
    '',
    `Its tokens are managed at ${url}/tokens, in the words of Dynatrace at /api/v2/apiTokens, and in those of Panther at /api-tokens.`,
  )
  return `${lines.join('\n')}\n`
}

function withoutPassword(store: string): string {
  return store.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1@')
}
