#!/bin/sh
# A model goes in and predicts; afterwards it is deleted.
# Usage: smoke-test.sh ENDPOINT
# LARDER_ADMIN_TOKEN is a token or key with the role admin, which the deletion needs (docs/access.md); a server that asks for none needs none.
# Where Entra ID is in front, LARDER_TOKEN is a token of the application: az account get-access-token --resource CLIENT_ID
set -eu

endpoint=${1:?usage: smoke-test.sh ENDPOINT}
root=$(cd "$(dirname "$0")/../.." && pwd)
model=smoke-test-$$
created=

# The tokens go in by a file, so that no list of processes shows them.
headers=$(mktemp)
remove() {
    if ! curl --fail --silent --output /dev/null --request DELETE --header "@$headers" "$endpoint/api/v1/models/$model?force=true" && [ -n "$created" ]; then
        printf 'The model %s was not deleted.\n' "$model" >&2
    fi
    rm -f "$headers"
}
trap remove EXIT
if [ -n "${LARDER_ADMIN_TOKEN-}" ]; then printf 'x-functions-key: %s\n' "$LARDER_ADMIN_TOKEN" > "$headers"; fi
if [ -n "${LARDER_TOKEN-}" ]; then printf 'Authorization: Bearer %s\n' "$LARDER_TOKEN" >> "$headers"; fi

# A new instance may take minutes to get its roles and to start.
curl --fail --silent --show-error --retry 20 --retry-delay 15 --retry-all-errors --output /dev/null "$endpoint/readyz"
curl --fail-with-body --silent --show-error --output /dev/null --request PUT --header "@$headers" \
    --form "path=@$root/samples/iris/iris.onnx" "$endpoint/api/v1/models/$model"
created=yes
answer=$(curl --fail-with-body --silent --show-error --header "@$headers" --data '{"values": [5.1, 3.5, 1.4, 0.2]}' \
    "$endpoint/api/v1/models/$model/prediction")
case $answer in
    *'"values":[0]'*) printf 'The endpoint predicts.\n' ;;
    *) printf 'Not what iris.onnx answers: %s\n' "$answer" >&2; exit 1 ;;
esac
