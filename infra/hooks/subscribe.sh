#!/bin/sh
# After the code is deployed: creates the event subscriptions, which Azure refuses before the functions are there.
set -eu

if [ "${DEPLOY_EVENT_SUBSCRIPTIONS:-false}" = "true" ]; then
  echo "The event subscriptions are there already."
  exit 0
fi

azd env set DEPLOY_EVENT_SUBSCRIPTIONS true
attempt=1
until azd provision --no-prompt; do
  if [ "$attempt" -ge 5 ]; then
    azd env set DEPLOY_EVENT_SUBSCRIPTIONS false
    echo "The event subscriptions could not be created: see above. Mend it and run 'azd deploy' again." >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  echo "Azure does not know the functions yet; attempt $attempt of 5 follows in a minute."
  sleep 60
done
