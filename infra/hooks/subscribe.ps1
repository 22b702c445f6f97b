# After the code is deployed: creates the event subscriptions, which Azure refuses before the functions are there.
$ErrorActionPreference = 'Stop'

if ($env:DEPLOY_EVENT_SUBSCRIPTIONS -eq 'true') {
    Write-Host 'The event subscriptions are there already.'
    exit 0
}

azd env set DEPLOY_EVENT_SUBSCRIPTIONS true
foreach ($attempt in 1..5) {
    azd provision --no-prompt
    if ($LASTEXITCODE -eq 0) { exit 0 }
    if ($attempt -lt 5) {
        Write-Host "Azure does not know the functions yet; attempt $($attempt + 1) of 5 follows in a minute."
        Start-Sleep -Seconds 60
    }
}
azd env set DEPLOY_EVENT_SUBSCRIPTIONS false
[Console]::Error.WriteLine("The event subscriptions could not be created: see above. Mend it and run 'azd deploy' again.")
exit 1
