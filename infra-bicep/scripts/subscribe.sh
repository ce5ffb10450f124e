#!/bin/sh
# Second phase of Event Grid: blobs that appear in the containers uploads and scoring are sent to the functions IngestUpload and ScoreDroppedFile.
# It cannot be part of the template: Event Grid asks the webhook to answer, so the code must be there, and the webhook's key
# exists only once the host has started with a blob trigger. Safe to run again.
# Usage: subscribe.sh RESOURCE_GROUP FUNCTION_APP EVENT_TOPIC
set -eu

group=${1:?usage: subscribe.sh RESOURCE_GROUP FUNCTION_APP EVENT_TOPIC}
app=${2:?usage: subscribe.sh RESOURCE_GROUP FUNCTION_APP EVENT_TOPIC}
topic=${3:?usage: subscribe.sh RESOURCE_GROUP FUNCTION_APP EVENT_TOPIC}
function=IngestUpload
tries=${SUBSCRIBE_TRIES:-20}
pause=${SUBSCRIBE_PAUSE:-15}

# Whole names, as APP/FUNCTION: others begin like these.
has() {
    printf '%s\n' "$functions" | grep -qx "[^/]*/$1"
}

# After a deployment the host takes a while to list its functions and to make its key.
key=
functions=
while [ "$tries" -gt 0 ]; do
    functions=$(az functionapp function list --resource-group "$group" --name "$app" --query '[].name' --output tsv)
    if has "$function"; then
        key=$(az functionapp keys list --resource-group "$group" --name "$app" --query systemKeys.blobs_extension --output tsv)
        if [ -n "$key" ]; then break; fi
    elif [ -n "$functions" ]; then
        printf '%s has no function %s: there is nothing to subscribe.\n' "$app" "$function"
        exit 0
    fi
    tries=$((tries - 1))
    if [ "$tries" -gt 0 ]; then sleep "$pause"; fi
done
if [ -z "$key" ]; then
    printf 'The host of %s did not start, or made no key blobs_extension. Functions: %s\n' "$app" "${functions:-none}" >&2
    exit 1
fi

host=$(az functionapp show --resource-group "$group" --name "$app" --query defaultHostName --output tsv)

subscribe() {
    az eventgrid system-topic event-subscription create \
        --resource-group "$group" --system-topic-name "$topic" --name "$1" \
        --endpoint-type webhook \
        --endpoint "https://$host/runtime/webhooks/blobs?functionName=Host.Functions.$2&code=$key" \
        --included-event-types Microsoft.Storage.BlobCreated \
        --subject-begins-with "/blobServices/default/containers/$3/" \
        --max-delivery-attempts 30 --event-ttl 1440 \
        --output none
    printf 'Blobs in %s now reach %s.\n' "$3" "$2"
}

subscribe ingest-upload "$function" uploads
if has ScoreDroppedFile; then subscribe score-dropped-file ScoreDroppedFile scoring; fi
