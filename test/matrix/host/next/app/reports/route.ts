// app/reports/route.ts
import { addressOf, readers } from '../../lib/tokens'

export async function GET(request: Request) {
  const { token, response } = await readers(request, { ip: addressOf(request) })
  return response ?? Response.json({ readBy: token.owner })
}
