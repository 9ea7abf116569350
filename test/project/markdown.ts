/** A fenced block of code, with what the comment before it says. */
export interface CodeBlock {
  readonly language: string
  readonly code: string
  /** Where it begins, from 1. */
  readonly line: number
  /** Of `<!-- key: value -->` right before it: `run`, `from`, `file` or `given`. The value may have several lines. */
  readonly notes: ReadonlyMap<string, string>
}

export interface MarkdownPage {
  readonly blocks: readonly CodeBlock[]
  /** Targets of links, as written. */
  readonly links: readonly string[]
  /** What links can point at within the page. */
  readonly anchors: ReadonlySet<string>
}

const FENCE = /(?:<!--(?<note>(?:(?!-->)[\s\S])*)-->\n)?^```(?<language>\w*)\n(?<code>[\s\S]*?)^```$/gm

/** Reads as much of Markdown as the pages of this repository use. */
export function readMarkdown(text: string): MarkdownPage {
  const blocks = [...text.matchAll(FENCE)].map((match): CodeBlock => {
    const { note = '', language = '', code = '' } = match.groups ?? {}
    const [, key, value = ''] = /^\s*(\w+)(?::?\s+([\s\S]*?))?\s*$/.exec(note) ?? []
    const notes = new Map(key === undefined ? [] : [[key, value]])
    return { language, code, line: text.slice(0, match.index + match[0].indexOf('```')).split('\n').length, notes }
  })
  const prose = text.replace(FENCE, '').replace(/<!--[\s\S]*?-->/g, '')
  // A link's text may be code; what stands in other code is no link.
  const links = prose.replace(/`[^`\n]*`/g, '').matchAll(/\]\((?<target>[^)\s]+)\)/g)
  return { blocks, links: [...links].map(({ groups }) => groups?.target ?? ''), anchors: anchorsOf(prose) }
}

/** As code hosts make them: lower case, no punctuation, blanks to hyphens, repeats numbered. */
function anchorsOf(prose: string): Set<string> {
  const anchors = new Set<string>()
  for (const { groups } of prose.matchAll(/^#{1,6} +(?<heading>.*)$/gm)) {
    const slug = (groups?.heading ?? '')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let anchor = slug
    for (let repeat = 1; anchors.has(anchor); repeat++) anchor = `${slug}-${repeat}`
    anchors.add(anchor)
  }
  return anchors
}
