# syntax=docker/dockerfile:1
# Two images: the command itself, and with `--target serve` the reference server with its health check.
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# The build needs the sources, which come after what changes less often.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /tmp
# Beside connrig what a fleet needs, in the versions that the tests run with.
RUN node -p "const { devDependencies: all } = require('./package.json'); ['bullmq', 'ioredis'].map((name) => name + '@' + all[name]).join('\n')" > /tmp/peers \
  && xargs npm install --prefix /opt/connrig --omit=dev --ignore-scripts --no-audit --no-fund /tmp/connrig-*.tgz < /tmp/peers

FROM node:24-slim AS base
COPY --from=build /opt/connrig /opt/connrig
ENV NODE_ENV=production PATH=/opt/connrig/node_modules/.bin:$PATH
# Run folders are written to runs/ in here.
WORKDIR /data
RUN chown node:node /data
# By number: Kubernetes can see from it that the user isn't root.
USER 1000:1000
STOPSIGNAL SIGTERM
ENTRYPOINT ["connrig"]

FROM base AS serve
CMD ["serve", "--host", "0.0.0.0"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9091/healthz', { headers: { authorization: `Bearer ${process.env.CONNRIG_ADMIN_TOKEN}` } }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

FROM base AS connrig
CMD ["--help"]
