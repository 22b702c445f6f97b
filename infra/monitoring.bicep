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
let lines = AppTraces | where Message contains run;
let errors = AppExceptions | where OperationId in ((lines | distinct OperationId));
union lines, (errors | extend Message = OuterMessage)
| project TimeGenerated, SeverityLevel, Message, OperationName, OperationId
| order by TimeGenerated asc
'''
  }
  {
    name: 'answer'
    title: 'From an answer to the upload that its model learned from'
    text: '''
let request = replace_string("put the answer's id or its x-request-id here", "chatcmpl-", "");
let lines = AppTraces | where Message contains request;
let run = toscalar(lines | extend run = extract(@" run=(\S+)", 1, Message) | where isnotempty(run) | project run | take 1);
union lines, (AppTraces | where isnotempty(run) and Message startswith strcat("run ", run, ": "))
| project TimeGenerated, SeverityLevel, Message, OperationName, OperationId
| order by TimeGenerated asc
'''
  }
  {
    name: 'chats'
    title: 'Chats by model, run and outcome'
    text: '''
AppTraces | where Message startswith "chat model="
| extend model = extract(@"^chat model=(\S+)", 1, Message), run = extract(@" run=(\S+)", 1, Message)
| extend outcome = extract(@" (began|answered|filtered|cut|left by the client|failed \w+)", 1, Message)
| extend ms = todouble(extract(@" ms=(\d+)", 1, Message))
| summarize chats = sum(ItemCount), median = percentile(ms, 50), p95 = percentile(ms, 95) by model, run, outcome
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
