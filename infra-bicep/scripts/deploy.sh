#!/bin/sh
# Everything from nothing to a working endpoint: resources, code, event subscription, smoke test. Safe to run again.
# Usage: deploy.sh RESOURCE_GROUP [LOCATION] [PARAMETER=VALUE ...]
# LOCATION is needed only when the resource group does not exist. Needs az (logged in), Bicep 0.34.1 or later, dotnet, zip, curl.
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

az deployment group create --resource-group "$group" --name larder --parameters "$infra/main.bicepparam" "$@" --output none
output() {
    az deployment group show --resource-group "$group" --name larder --query "properties.outputs.$1.value" --output tsv
}
app=$(output functionAppName)
endpoint=$(output endpoint)

"$infra/scripts/upload.sh" "$group" "$app" "$work/app.zip"
"$infra/scripts/subscribe.sh" "$group" "$app" "$(output eventTopicName)"
"$infra/scripts/smoke-test.sh" "$endpoint" "$(az functionapp keys list --resource-group "$group" --name "$app" --query functionKeys.default --output tsv)"
printf 'Larder is at %s\n' "$endpoint"
