# After everything is removed: the next deployment begins without event subscriptions and with a new budget.
$ErrorActionPreference = 'Stop'
azd env set DEPLOY_EVENT_SUBSCRIPTIONS false
azd env set BUDGET_START ''
