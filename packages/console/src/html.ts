/** What the page is told by its own document. */
export interface PageSettings {
  readonly title: string
  readonly tokenLink: boolean
  /** Whether its visitor may be signed in already. */
  readonly maySignIn: boolean
  /** Whether a token opens nothing here. */
  readonly sessionOnly: boolean
}

/** The files that the document names, relative to it. */
export interface PageFiles {
  readonly script: string
  readonly styles: readonly string[]
}

const KEY =
  "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='none' stroke='%233b6fd4' stroke-width='2' d='M9.5 6.500 3 13h3v-2h2V9l1.500-1.500M8 5a3 3 0 1 1 3 3'/%3E%3C/svg%3E"

/** The document. No script and no style stands in it, as its policy wants. */
export function pageHtml(settings: PageSettings, { script, styles }: PageFiles): string {
  const { title, tokenLink, maySignIn, sessionOnly } = settings
  const flags = Object.entries({ 'token-link': tokenLink, 'may-sign-in': maySignIn, 'session-only': sessionOnly })
  const data = flags.map(([name, isSet]) => (isSet ? ` data-${name}` : '')).join('')
  return `<!doctype html>
<html lang="en"${data}>
<head>
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:image/svg+xml,${KEY}">
${styles.map((file) => `<link rel="stylesheet" href="${file}">\n`).join('')}<script type="module" src="${script}"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
