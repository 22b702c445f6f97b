#!/bin/sh
# After the code is deployed: creates the event subscriptions, which Azure refuses before the functions are there.
# That the setting is true proves nothing, since whoever set it may have been killed: azd itself looks whether this very
# deployment went through before, and is done within seconds then.
set -eu

there=false
finish() {
  if [ "$there" = false ]; then
    azd env set DEPLOY_EVENT_SUBSCRIPTIONS false
  fi
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

azd env set DEPLOY_EVENT_SUBSCRIPTIONS true
attempt=1
until azd provision --no-prompt; do
  if [ "$attempt" -ge 5 ]; then
    echo "The event subscriptions could not be created: see above. Mend it and run 'azd deploy' again." >&2
    exit 1
  fi
  attempt=$((attempt + 1))
  echo "Azure does not know the functions yet; attempt $attempt of 5 follows in a minute."
  sleep 60
done
there=true
