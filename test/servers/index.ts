export { chromiumBinary } from '#programs'
export { type Pgbouncer, startPgbouncer } from './pgbouncer.js'
export {
  type PostgresServer,
  type PostgresServerOptions,
  startPostgres,
  startPostgresReplica,
} from './postgres.js'
export { startTcpProxy, type TcpProxy } from './proxy.js'
export {
  type RedisCluster,
  type RedisServer,
  type RedisServerOptions,
  redisServerBinary,
  startCluster,
  startRedis,
  startReplica,
} from './redis.js'
