import type { ApiToken, ListRequest, NextRequest, SortKey } from '@latchkey/core'
import { counted, showToken } from '@latchkey/core/adapter'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type FilterOptions, filterOf, withFilter } from '../filter.js'
import { type GlobalOptions, optionsOf, withExample } from '../options.js'
import { print, tell, terminalWidth } from '../output/print.js'
import { type Layout, layOut } from '../output/table.js'
import { jsonText } from '../output/text.js'
import { tokenColumns } from '../output/token.js'
import { withTarget } from '../target/open.js'
import type { Target } from '../target/target.js'

interface Options extends FilterOptions {
  readonly sort: SortKey
  readonly desc?: true
  readonly limit: number
}

const KEYS: readonly SortKey[] = ['name', 'createdAt', 'expiresAt', 'lastUsedAt', 'modifiedAt']
const PAGE_SIZE = 200

export function listCommand(program: Command): void {
  const command = program
    .command('list')
    .description('List tokens, one a line. Reads page by page, so that any number of them takes little memory.')
    .addOption(new Option('--sort <member>', 'what decides the order').choices(KEYS).default('createdAt'))
    .option('--desc', 'the greatest first')
    .option('--limit <n>', 'at most this many tokens', wholeNumber, Number.POSITIVE_INFINITY)
  withExample(withFilter(command), '--store sqlite:tokens.db --owner ada --expires-before now+14d').action(async () => {
    await withTarget(command, (target) => list(target, optionsOf<Options>(command)))
  })
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1.')
}

async function list({ latchkey, caller }: Target, options: GlobalOptions & Options): Promise<void> {
  const now = Date.now()
  const direction = options.desc === true ? 'desc' : 'asc'
  const limit = Math.min(PAGE_SIZE, options.limit)
  let request: ListRequest | NextRequest = { ...filterOf(options, now), sort: options.sort, direction, limit }
  let layout: Layout<ApiToken> | undefined
  let shown = 0
  while (shown < options.limit) {
    const { tokens, totalCount, nextCursor } = await latchkey.list(request, { caller })
    if (options.json !== true && layout === undefined) {
      layout = layOut(tokenColumns(now), tokens, terminalWidth())
      tell(counted(totalCount, 'token'))
      if (tokens.length > 0) await print(layout.head)
    }
    for (const token of tokens.slice(0, options.limit - shown)) {
      await print(layout === undefined ? jsonText(showToken(token)) : layout.line(token))
    }
    shown += tokens.length
    if (nextCursor === undefined) return
    request = { cursor: nextCursor }
  }
}
