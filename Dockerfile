# The service, without drachtio-server, FreeSWITCH, PostgreSQL and SeaweedFS, which docker-compose.yml brings.

# --- Builds the pages, then leaves what runs: dependencies, sources, the built pages ---
FROM node:24.11.1-bookworm-slim AS build
WORKDIR /app
# The dependencies change less often than the sources: their layer is kept while the lock file is the same.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY vite.config.ts tsconfig.json ./
COPY src ./src
COPY machines ./machines
RUN npm run build
# Installed anew rather than pruned, with the scripts of the packages that package.json allows.
RUN npm ci --omit=dev && rm -rf src/console src/phone

# --- What runs. Node comes with the dependencies, so the base needs none ---
FROM debian:12.12-slim
# No account of its own in the base; the number is what a volume's owner is compared with.
RUN useradd --uid 1000 --no-create-home --home-dir /app precall && install -d -o precall -g precall /data
WORKDIR /app
COPY package.json ./
COPY migrations ./migrations
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/machines ./machines
COPY --from=build /app/src ./src
COPY --from=build /app/dist ./dist

USER precall
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data PORT=3006 PATH=/app/node_modules/.bin:$PATH
VOLUME /data
EXPOSE 3006
# 503 while draining counts as unhealthy: whoever balances the load is to look elsewhere.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
# Not through npm, which would keep SIGTERM from the service and so calls from being ended in peace.
CMD ["node", "--min-semi-space-size=16", "src/main.ts"]
