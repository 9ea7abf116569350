import type { ApiToken } from '@latchkey/core'
import { Controller, Get, Post } from '@nestjs/common'
import { RequireToken, Token } from './token.guard'

@Controller('reports')
@RequireToken('reports.read')
export class ReportsController {
  @Get()
  list(@Token() token: ApiToken) {
    return { reports: [], readBy: token.owner }
  }

  @Post()
  @RequireToken('reports.write')
  add() {
    return { accepted: true }
  }
}
