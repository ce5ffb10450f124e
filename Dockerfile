# syntax=docker/dockerfile:1
# The self-host in a container: docs/production.md says how to run it, and why it is as it is.
# Releases build with digests in place of tags (docs/production.md#image): --build-arg SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0@sha256:...
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG NODE_IMAGE=node:22-bookworm-slim
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble

# The assets of the web pages come from npm, with their hashes in package-lock.json. Their scripts are not run.
FROM ${NODE_IMAGE} AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY host/Emulator/absent ./host/Emulator/absent
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${SDK_IMAGE} AS build
# The build looks for Node.js, to install what is missing; nothing is missing.
COPY --from=assets /usr/local/bin/node /usr/local/bin/node
WORKDIR /src
COPY . .
COPY --from=assets /src/node_modules ./node_modules
# npm runs again where its own list is older than the lock file, and a cached layer keeps old times.
RUN touch node_modules/.package-lock.json && dotnet publish host --configuration Release --output /app

FROM ${RUNTIME_IMAGE} AS runtime
# Local jobs need Python and, as their sandbox, bubblewrap. Without them the server runs all the same, and refuses trainings: build with --build-arg JOBS=none.
ARG JOBS=local
# hadolint ignore=DL3008
RUN if [ "$JOBS" = local ]; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends bubblewrap python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    fi \
    && install --directory --owner="$APP_UID" --group="$APP_UID" --mode=0700 /var/lib/larder
WORKDIR /app
COPY --from=build /app .
# Nothing is written but below /var/lib/larder and /tmp, so the root can be read-only. Diagnostics would write a pipe into /tmp.
ENV ASPNETCORE_URLS=http://+:8080 \
    AZURE_FUNCTIONS_ENVIRONMENT=Production \
    DOTNET_EnableDiagnostics=0 \
    LocalFolder=/var/lib/larder \
    Jobs__Process__Sandbox=Required \
    SelfHost__LogFormat=json
USER $APP_UID
VOLUME /var/lib/larder
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=12s --start-period=60s --retries=3 CMD ["dotnet", "Larder.Host.dll", "--health"]
ENTRYPOINT ["dotnet", "Larder.Host.dll"]
