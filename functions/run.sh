#!/bin/sh
# Lambda's Web Adapter starts this: the module AIKAGI_TASK as a web process.
# The adapter lets go of an idle connection after four seconds; a server that did so
# first would now and then close one in the moment of its use.
cd "${LAMBDA_TASK_ROOT:-.}" || exit 1
exec python -m uvicorn "$AIKAGI_TASK:app" --host 127.0.0.1 --port "${AWS_LWA_PORT:-8080}" \
	--timeout-keep-alive 60 --lifespan off --ws none --http h11 --loop asyncio \
	--no-access-log --log-level warning --no-server-header
