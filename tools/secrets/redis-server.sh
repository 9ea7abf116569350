#!/bin/sh
# Stands in for redis-server in `npm run secrets`: writes down every command that changes data, as it was given. Each start
# has a log of its own, so that a server that is to forget its data at a restart still does. One that a test has told how
# to keep its data is left alone.
case " $* " in
*" --appendonly yes "*) exec "$LATCHKEY_SECRETS_REDIS" "$@" ;;
*) exec "$LATCHKEY_SECRETS_REDIS" "$@" --appendonly yes --appenddirname "log-$$" --appendfsync no --aof-use-rdb-preamble no --rdbcompression no ;;
esac
