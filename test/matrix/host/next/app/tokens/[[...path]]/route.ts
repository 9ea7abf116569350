// app/tokens/[[...path]]/route.ts
import { addressOf, routes } from '../../../lib/tokens'

async function manage(request: Request) {
  const response = await routes(request, { ip: addressOf(request), mount: '/tokens' })
  return response ?? new Response('Not found', { status: 404 })
}

export { manage as DELETE, manage as GET, manage as HEAD, manage as PATCH, manage as POST, manage as PUT }
