#!/bin/sh
# Everything from nothing to a working endpoint: resources, code, event subscription, smoke test. Safe to run again.
# Usage: deploy.sh RESOURCE_GROUP [LOCATION] [PARAMETER=VALUE ...]
# LOCATION is needed only when the resource group does not exist. Needs az (logged in), Bicep 0.34.1 or later, dotnet, zip, curl, sha256sum or shasum.
# The first time it makes the first administrator's token, and prints it once; Azure gets its SHA-256. LARDER_ADMIN_TOKEN is a token to take in its
# place, or, later, the one that was made: without it, a later run keeps the token and leaves the smoke test out.
set -eu

group=${1:?usage: deploy.sh RESOURCE_GROUP [LOCATION] [PARAMETER=VALUE ...]}
shift
location=
case ${1-} in
    '' | *=*) ;;
    *) location=$1; shift ;;
esac

infra=$(cd "$(dirname "$0")/.." && pwd)
root=$(dirname "$infra")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -n "$location" ]; then
    az group create --name "$group" --location "$location" --output none
fi

# Built first: a build that fails changes nothing in Azure.
dotnet publish "$root/functions" --configuration Release --output "$work/app"
(cd "$work/app" && zip --quiet --recurse-paths "$work/app.zip" .)

output() {
    az deployment group show --resource-group "$group" --name larder --query "properties.outputs.$1.value" --output tsv
}
hash() {
    if command -v sha256sum > /dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}
token=${LARDER_ADMIN_TOKEN-}
made=
if [ -z "$token" ] && [ -z "${LARDER_ADMIN_TOKEN_SHA256-}" ]; then
    if app=$(output functionAppName 2> /dev/null) && [ -n "$app" ]; then
        LARDER_ADMIN_TOKEN_SHA256=$(az functionapp config appsettings list --resource-group "$group" --name "$app" \
            --query "[?name=='Access__AdminTokenSha256'].value | [0]" --output tsv)
    fi
    if [ -z "${LARDER_ADMIN_TOKEN_SHA256-}" ]; then
        token=lrd_$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
        made=yes
    fi
fi
if [ -n "$token" ]; then LARDER_ADMIN_TOKEN_SHA256=$(printf %s "$token" | hash); fi
export LARDER_ADMIN_TOKEN_SHA256

az deployment group create --resource-group "$group" --name larder --parameters "$infra/main.bicepparam" "$@" --output none
# Said before anything else can fail: it is kept nowhere.
if [ -n "$made" ]; then printf 'The token of the first administrator, which is shown this once: %s\n' "$token"; fi
app=$(output functionAppName)
endpoint=$(output endpoint)

"$infra/scripts/upload.sh" "$group" "$app" "$work/app.zip"
"$infra/scripts/subscribe.sh" "$group" "$app" "$(output eventTopicName)"
if [ -n "$token" ]; then
    LARDER_ADMIN_TOKEN=$token "$infra/scripts/smoke-test.sh" "$endpoint"
else
    printf 'There was no smoke test: LARDER_ADMIN_TOKEN is not set.\n'
fi
printf 'Larder is at %s\n' "$endpoint"
