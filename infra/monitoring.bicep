// Where logs go, who hears of alerts, and queries to begin with.
param token string
param location string
param tags object
param emailAddresses array

resource logs 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: 'log-tunedrop-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    workspaceCapping: { dailyQuotaGb: 1 }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-tunedrop-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-tunedrop-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'tunedrop'
    enabled: true
    emailReceivers: [for (address, i) in emailAddresses: {
      name: 'recipient-${i}'
      emailAddress: trim(address)
      useCommonAlertSchema: true
    }]
  }
}

var queries = [
  {
    name: 'run'
    title: 'One run from its upload to its end'
    text: '''
let run = "put a run's id here";
AppTraces | where Message contains run
| project TimeGenerated, SeverityLevel, Message, OperationName, OperationId
| order by TimeGenerated asc
'''
  }
  {
    name: 'steps'
    title: 'How long runs stay in each state'
    text: '''
AppTraces | extend found = extract_all(@"^run (\S+): (\S+) -> (\w+)", Message)[0]
| extend run = tostring(found[0]), state = tostring(found[1]), next = tostring(found[2])
| where isnotempty(next) | order by run asc, TimeGenerated asc
| extend since = iff(run == prev(run), TimeGenerated - prev(TimeGenerated), timespan(null))
| summarize runs = count(), median = percentile(since, 50), longest = max(since) by state, next
'''
  }
  {
    name: 'requests'
    title: 'Requests by function and status, with their durations'
    text: '''
AppRequests | summarize requests = count(), median = percentile(DurationMs, 50), p95 = percentile(DurationMs, 95)
by Name, ResultCode
'''
  }
]

resource savedQueries 'Microsoft.OperationalInsights/workspaces/savedSearches@2026-03-01' = [for query in queries: {
  parent: logs
  name: 'tunedrop-${query.name}'
  properties: {
    category: 'TuneDrop'
    displayName: query.title
    query: query.text
  }
}]

output insightsName string = insights.name
output actionGroupId string = actionGroup.id
