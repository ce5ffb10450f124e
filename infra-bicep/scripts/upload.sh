#!/bin/sh
# Uploads the published code. Right after the resources were made it may take minutes until the roles of the app's identity
# are known everywhere, so this tries again for a while.
# Usage: upload.sh RESOURCE_GROUP FUNCTION_APP ZIP
set -eu

group=${1:?usage: upload.sh RESOURCE_GROUP FUNCTION_APP ZIP}
app=${2:?usage: upload.sh RESOURCE_GROUP FUNCTION_APP ZIP}
zip=${3:?usage: upload.sh RESOURCE_GROUP FUNCTION_APP ZIP}
tries=${UPLOAD_TRIES:-6}
pause=${UPLOAD_PAUSE:-30}

until az functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$zip" --output none; do
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then exit 1; fi
    sleep "$pause"
done
