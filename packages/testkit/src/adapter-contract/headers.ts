import type { IssuedToken } from '@latchkey/core'

type Holder = Pick<IssuedToken, 'token'>

export const bearer = ({ token }: Holder) => ['Authorization', `Bearer ${token}`]
export const apiToken = ({ token }: Holder) => ['Authorization', `Api-Token ${token}`]
export const apiKey = ({ token }: Holder) => ['X-API-Key', token]
export const basic = ['Authorization', 'Basic YWxpY2U6c2VjcmV0']
export const forwardedFor = (addresses: string) => ['X-Forwarded-For', addresses]
export const JSON_TYPE = ['Content-Type', 'application/json']
