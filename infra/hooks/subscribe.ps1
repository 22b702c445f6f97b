# After the code is deployed: creates the event subscriptions, which Azure refuses before the functions are there.
# That the setting is true proves nothing, since whoever set it may have been killed: azd itself looks whether this very
# deployment went through before, and is done within seconds then.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false # else the first attempt that fails is the last

$there = $false
try {
    azd env set DEPLOY_EVENT_SUBSCRIPTIONS true
    foreach ($attempt in 1..5) {
        azd provision --no-prompt
        $there = $LASTEXITCODE -eq 0
        if ($there) { break }
        if ($attempt -lt 5) {
            Write-Host "Azure does not know the functions yet; attempt $($attempt + 1) of 5 follows in a minute."
            Start-Sleep -Seconds 60
        }
    }
}
finally {
    # Ctrl-C comes here too.
    if (-not $there) {
        azd env set DEPLOY_EVENT_SUBSCRIPTIONS false
    }
}
if (-not $there) {
    [Console]::Error.WriteLine("The event subscriptions could not be created: see above. Mend it and run 'azd deploy' again.")
    exit 1
}
